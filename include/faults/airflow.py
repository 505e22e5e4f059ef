"""The second part: nights in real Airflow, whose processes are killed while they run.

Whatever ends is started again, as an init system does, and nothing else is done: Airflow itself tries again.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil
import psycopg2

from demo.airflow_api import AirflowApi
from demo.runs import Step, carry_out, dag_of
from demo.sample import Sample
from demo.stack import Stack
from faults.dump import Dump, differences, dump, rows
from faults.lane import kill_server
from faults.world import World
from local_digital.embedded import free_port
from local_digital.errors import TransportError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from demo.sftp_server import Offer

COUNCILS = ("belfast", "nottingham", "solihull")
_NIGHT = "last"
_EMPTY = "before"
_LOOK_SECONDS = 0.1
# Somewhere within the life of a task, or of a wait.
_LONGEST_DELAY = 0.7
_PATIENCE_SECONDS = 300.0
_DOWN_SECONDS = 3.0
_SETTINGS = {
    # A task whose processes are gone is noticed sooner than in minutes.
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "10",
    "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "20",
    "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "20",
    "TRIGGERER__JOB_HEARTBEAT_SEC": "5",
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "20",
}


class Victim(StrEnum):
    """What is killed."""

    TASK = "task process killed"
    SCHEDULER = "scheduler killed"
    TRIGGERER = "triggerer killed while a task waits"
    POSTGRES = "PostgreSQL killed"


class Blow(NamedTuple):
    """What is killed when a task is first seen to run (or, for the triggerer, to wait)."""

    victim: Victim
    council: str
    task_id: str

    def __str__(self) -> str:
        return f"{self.victim}: at {self.council} {self.task_id}"


# Each round is one night of all councils, with all of these.
ROUNDS: tuple[tuple[Blow, ...], ...] = (
    (
        Blow(Victim.TASK, "solihull", "report-missed-bin.extract"),
        Blow(Victim.TASK, "solihull", "report-missed-bin.validate"),
        Blow(Victim.TASK, "belfast", "report-missed-bin.load"),
        Blow(Victim.TASK, "belfast", "publish"),
        Blow(Victim.TASK, "nottingham", "aggregate"),
        Blow(Victim.TASK, "nottingham", "reconcile"),
    ),
    (
        Blow(Victim.SCHEDULER, "solihull", "report-missed-bin.validate"),
        Blow(Victim.SCHEDULER, "nottingham", "aggregate"),
    ),
    (
        Blow(Victim.TRIGGERER, "belfast", "report-missed-bin.extract"),
        Blow(Victim.TRIGGERER, "solihull", "renew-library-book.extract"),
    ),
    (
        Blow(Victim.POSTGRES, "belfast", "report-missed-bin.validate"),
        Blow(Victim.POSTGRES, "solihull", "report-missed-bin.load"),
        Blow(Victim.POSTGRES, "nottingham", "publish"),
    ),
)


@dataclass(frozen=True)
class Round:
    """What a night with blows came to. dealt: those that were. states: of the runs that did not end as they should."""

    blows: Sequence[Blow]
    dealt: Sequence[Blow]
    differs: dict[str, tuple[int, int]]
    states: dict[str, str]
    rows: int
    seconds: float

    @property
    def survived(self) -> bool:
        return not self.differs and not self.states


def rounds(say: Callable[[str], None], seed: int, wanted: Sequence[Sequence[Blow]] = ROUNDS) -> Iterator[Round]:
    """Run a night without a fault, and one for each round; yield what became of each round."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    with tempfile.TemporaryDirectory(prefix="local-digital-faults-") as name:
        folder = Path(name)
        # The server may run under another account.
        folder.chmod(0o711)
        stack = NightStack(say, folder)
        with stack.running():
            stack.keep_empty()
            say("the night without a fault")
            calm = stack.night([], chance)
            if calm.states:
                raise TransportError(
                    "the night without a fault",
                    expected="runs that succeed",
                    found=", ".join(f"{council}: {state}" for council, state in calm.states.items()),
                    action="Run `make demo`, which does the same with all councils and says more.",
                )
            expected = stack.state()
            for blows in wanted:
                say(f"a night with {len(blows)} of: {', '.join(sorted({blow.victim for blow in blows}))}")
                stack.empty()
                found = stack.night(blows, chance)
                state = stack.state()
                yield replace(found, differs=differences(expected, state), rows=rows(state))


class _LaidOut(Sample):
    """A sample whose files are there already, and do not grow."""

    def lay_out(self) -> None:
        """Leave everything as it is."""

    def accounts(self) -> list[Offer]:
        return [replace(account, uploading=None) for account in super().accounts()]

    def api_secrets(self) -> list[dict[str, str]]:
        """Return those of all councils: the sample's server serves all of them."""
        return Sample.of_the_world(self.folder, self.secret).api_secrets()


class _PatientApi(AirflowApi):
    """Asks again while what answers, or what that asks, is being started."""

    def _call(self, method: str, path: str, body: dict[str, object] | None = None, also: int = 0) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return super()._call(method, path, body, also)
            except TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(1)


@dataclass
class NightStack(Stack):
    """The demo's Airflow in its parts, with three councils whose sources have few files."""

    _programs: dict[str, tuple[list[str], Mapping[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._turn = threading.Lock()
        world = World(_NIGHT, self.folder / "world", self.secrets["councils"], frozenset(COUNCILS))
        world.folder.mkdir(parents=True)
        world.lay_out()
        self.world = world
        self.sample = _LaidOut(world.councils, world.sample.worlds, world.folder, world.secret)
        self._postgres_port = 0

    def keep_empty(self) -> None:
        """Remember the warehouse as it is before the first night."""
        self._postgres_port = self.postgres.port
        with self._administration("postgres") as cursor:
            cursor.execute(f"create database {_EMPTY} template warehouse")

    def empty(self) -> None:
        """Bring warehouse, landing store and platform back to what they were before the first night."""
        with self._administration("postgres") as cursor:
            cursor.execute("drop database warehouse with (force)")
            cursor.execute(f"create database warehouse template {_EMPTY} owner local_digital")
        with self._administration("platform") as cursor:
            cursor.execute("truncate platform_records")
        shutil.rmtree(self.landing)

    def night(self, blows: Sequence[Blow], chance: random.Random) -> Round:
        """Run the night of all councils to its end, with these blows."""
        begun = time.monotonic()
        ended = threading.Event()
        dealt: list[Blow] = []
        with ThreadPoolExecutor(2) as pool:
            beside = [
                pool.submit(self._deal, list(blows), dealt, ended, chance),
                pool.submit(self._tend, ended),
            ]

            def check() -> None:
                for work in beside:
                    if work.done():
                        work.result()

            try:
                step = Step("the night", night=self.world.day)
                runs = carry_out(self.airflow, {council: [step] for council in COUNCILS}, "faults", None, check)
            finally:
                ended.set()
        states = {run.council: run.state for run in runs if run.state != "success"}
        return Round(blows, dealt, {}, states, 0, time.monotonic() - begun)

    def state(self) -> Dump:
        return dump(
            self.postgres.url("warehouse"), self.postgres.url("platform"), Path(self.landing), order_matters=False
        )

    def _start_programs(self, environment: Mapping[str, str]) -> None:
        airflow = [sys.executable, "-m", "airflow"]
        self.processes.logs.mkdir(parents=True, exist_ok=True)
        with (self.processes.logs / "airflow-db.log").open("ab") as log:
            subprocess.run(  # noqa: S603 - our own program, no shell
                [*airflow, "db", "migrate"], stdout=log, stderr=log, env=dict(environment), check=True
            )
        for name in ("api-server", "scheduler", "dag-processor", "triggerer"):
            self._programs[f"airflow-{name}"] = ([*airflow, name], environment)
            self.processes.start(f"airflow-{name}", *self._programs[f"airflow-{name}"])

    def _await_airflow(self, begun: dt.datetime) -> None:
        super()._await_airflow(begun)
        self.airflow = _PatientApi(self.airflow.base_url, self.airflow.password)
        self.airflow.log_in()

    def _airflow_settings(self, port: int, passwords: Path) -> dict[str, str]:
        return {
            **super()._airflow_settings(port, passwords),
            "LOCAL_DIGITAL_CONFIG": str(self.world.config),
            "LOCAL_DIGITAL_SPOOL": str(self.folder / "spool"),
            **{f"AIRFLOW__{name}": value for name, value in _SETTINGS.items()},
        }

    def _port(self, wanted: int, who: str) -> int:
        # The usual ports are those of `make run`, which may be up.
        del wanted, who
        return free_port()

    def _tend(self, ended: threading.Event) -> None:
        """Start again whatever has ended, the database first."""
        while not ended.wait(1):
            with self._turn:
                if not self.postgres.is_running():
                    time.sleep(_DOWN_SECONDS)
                    self.postgres.start(self._postgres_port)
                for name in self.processes.ended():
                    self.say(f"    starting {name} again")
                    self.processes.start(name, *self._programs[name])

    def _deal(self, left: list[Blow], dealt: list[Blow], ended: threading.Event, chance: random.Random) -> None:
        while left and not ended.wait(_LOOK_SECONDS):
            try:
                tasks = self._active_tasks()
            except psycopg2.Error:
                continue  # the server is down, or begins
            for blow in list(left):
                wanted = "deferred" if blow.victim is Victim.TRIGGERER else "running"
                seen = next(
                    (
                        task_id for task_id, dag, task, state in tasks
                        if (dag, task, state) == (dag_of(blow.council), blow.task_id, wanted)
                    ),
                    None,
                )  # fmt: skip
                if seen is None:
                    continue
                time.sleep(chance.random() * _LONGEST_DELAY)
                if self._strike(blow, seen):
                    left.remove(blow)
                    dealt.append(blow)
                    self.say(f"    {blow}")
                break

    def _strike(self, blow: Blow, task_id: str) -> bool:
        """Deal a blow; say whether there was anything left to deal it to."""
        with self._turn:
            match blow.victim:
                case Victim.POSTGRES:
                    kill_server(self.postgres)
                case Victim.TASK:
                    mine = [process for process in psutil.process_iter(["cmdline"])
                            if f"-- {task_id}" in " ".join(process.info["cmdline"] or [])]  # fmt: skip
                    for process in mine:
                        with contextlib.suppress(psutil.NoSuchProcess):
                            process.kill()
                    return bool(mine)
                case _:
                    name = f"airflow-{blow.victim.split()[0]}"
                    os.kill(self.processes.ids[name], signal.SIGKILL)
        return True

    def _active_tasks(self) -> list[tuple[str, str, str, str]]:
        with self._administration("airflow") as cursor:
            cursor.execute((Path(__file__).parent / "sql" / "active_tasks.sql").read_text("utf-8"))
            return list(cursor.fetchall())

    @contextlib.contextmanager
    def _administration(self, database: str) -> Iterator[Any]:
        url = self.postgres.url(database).replace("+psycopg2", "")
        with contextlib.closing(psycopg2.connect(url, connect_timeout=5)) as db:
            db.autocommit = True
            with db.cursor() as cursor:
                yield cursor
