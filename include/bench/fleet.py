"""A night of many councils through a real Airflow with LocalExecutor, against the same DAGs with empty tasks."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from bench.councils import write_councils, write_export
from bench.place import place
from bench.platform import platform
from bench.report import Line
from bench.statements import rows
from demo.airflow_api import AirflowApi, wait_until
from demo.private_files import write_private
from demo.runs import dag_of
from demo.stack import Stack, own_environment
from local_digital.config.loading import load_transactions
from local_digital.embedded import EmbeddedServer, free_port
from local_digital.publishing.sign_off import Verdict, decide
from local_digital.settings import ROOT
from local_digital.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.place import Place

_NIGHT = dt.date(2026, 1, 5)
# The exports begin in its week: what was before is not provided, and not zero.
_COVERS_FROM = dt.date(2025, 12, 1)
_ROWS = 300
_SECONDS_A_COUNCIL = 60
_START_SECONDS = 300
_PROGRAMS = ("api-server", "scheduler", "dag-processor", "triggerer")
_EMPTY_DAGS = Path(__file__).parent / "empty_dags"


def fleet(councils: int, *, markers: bool) -> Iterator[Line]:
    """Measure a night of so many councils, four feeds of 300 rows each, from the trigger until all is published.

    markers: whether each export has a marker, which spares a second look at it. Raises AssertionError when a run or a
    delivery did not come through to the platform.
    """
    with place() as here:
        drop = str(here.folder / "drop")
        slugs = write_councils(here.config, councils, drop=drop, covers_from=_COVERS_FROM, markers=markers)
        contracts = load_transactions(here.config)[0]
        for number, slug in enumerate(slugs):
            for order, (name, contract) in enumerate(contracts.items()):
                file = here.folder / "drop" / slug / name / f"{_NIGHT:%Y%m%d}.csv"
                write_export(file, contract, _ROWS, _NIGHT, seed=number * len(contracts) + order)
                if markers:
                    file.with_name(f"{file.name}.done").touch()
        with platform(here, slugs) as connection:
            connections = {"privacy": {"conn_type": "generic", "password": "made-up"}, "platform": connection}
            empty = _night(_Airflow(print, here.folder / "empty", here=here, dags=_EMPTY_DAGS), slugs)
            _let_go_live(here, slugs)
            real = _night(
                _Airflow(print, here.folder / "real", here=here, dags=ROOT / "dags", connections=connections), slugs
            )
        (published,) = rows(here.url, "fleet_published")
    wanted = councils * len(contracts)
    if (published["deliveries"], published["feeds"]) != (wanted, wanted):
        raise AssertionError(f"{wanted} deliveries were to be published, what came through is {published}")
    yield Line("fleet: a night against empty tasks", real.seconds / empty.seconds, "x", 1.5, facts={
        "councils": councils, "markers": markers, "deliveries": wanted, "records": int(published["records"]),
        "s": round(real.seconds), "s of empty tasks": round(empty.seconds), "CPU s of tasks": round(real.cpu),
        "CPU s of empty tasks": round(empty.cpu),
        **{f"{step['step']} s": round(float(step["seconds"]), 2) for step in real.steps},
    })  # fmt: skip
    growth = max(real.at_end[name] / real.at_a_third[name] for name in _PROGRAMS)
    yield Line("fleet: growth of Airflow's programs", growth, "x since a third of the night", 1.5, facts={
        f"{name} MiB": f"{real.at_a_third[name]} to {real.at_end[name]}" for name in _PROGRAMS
    })  # fmt: skip


@dataclass(frozen=True)
class _Night:
    """seconds: from the first trigger to the end of the last run. cpu: seconds of processor time that the workers and
    their tasks took meanwhile. at_a_third, at_end: MiB by program.
    """

    seconds: float
    cpu: float
    steps: list[dict[str, Any]]
    at_a_third: dict[str, int]
    at_end: dict[str, int]


@dataclass(kw_only=True)
class _Airflow(Stack):
    """The demo's Airflow over another configuration. dags: its DAGs folder. connections: as JSON has them, by id."""

    here: Place
    dags: Path
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.postgres = EmbeddedServer(self.here.folder / "postgres")

    @property
    def warehouse(self) -> str:
        return self.here.url

    @property
    def metadata(self) -> str:
        """The URL of Airflow's own database."""
        return self.postgres.url(f"airflow_{self.folder.name}")

    @contextlib.contextmanager
    def running(self) -> Iterator[_Airflow]:
        """Start Airflow and yield once the councils' DAGs are there; end it, whatever happens."""
        self.processes.begin()
        self.postgres.ensure_database(f"airflow_{self.folder.name}")
        port = free_port()
        self.airflow = AirflowApi(f"http://127.0.0.1:{port}", self.secrets["airflow"])
        passwords = self.folder / "passwords.json"
        write_private(passwords, {"admin": self.secrets["airflow"]})
        environment = {**own_environment(), **self._airflow_settings(port, passwords)}
        airflow = [sys.executable, "-m", "airflow"]
        try:
            subprocess.run(  # noqa: S603 - our own program, no shell
                [*airflow, "db", "migrate"], env=environment, check=True, capture_output=True, timeout=_START_SECONDS
            )
            for name in _PROGRAMS:
                self.processes.start(name, [*airflow, name], environment)
            wait_until(self.airflow.is_healthy, _START_SECONDS, "Airflow's health", self.processes.check)
            self.airflow.log_in()
            for name, (slots, description) in self._pools().items():
                self.airflow.ensure_pool(name, slots, description)
            yield self
        finally:
            self.processes.stop()

    def sizes(self) -> dict[str, int]:
        """Return the resident memory of the largest process of each program, in MiB."""
        return {name: _largest(process_id) for name, process_id in self.processes.ids.items()}

    def cpu_of_tasks(self) -> float:
        """Return the processor time of all workers and tasks until now, in seconds."""
        scheduler = psutil.Process(self.processes.ids["scheduler"])
        ended = scheduler.cpu_times()
        seconds: float = ended.children_user + ended.children_system
        for process in scheduler.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                seconds += sum(process.cpu_times()[:4])
        return seconds

    def _airflow_settings(self, port: int, passwords: Path) -> dict[str, str]:
        settings = super()._airflow_settings(port, passwords)
        if self.dags == _EMPTY_DAGS:
            # Nothing is imported for tasks that do nothing.
            settings["PYTHONPATH"] = str(ROOT / "include")
        return {
            **settings,
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.metadata,
            "LOCAL_DIGITAL_CONFIG": str(self.here.config),
            "LOCAL_DIGITAL_SPOOL": str(self.folder / "spool"),
            **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(facts) for name, facts in self.connections.items()},
        }


def _night(stack: _Airflow, slugs: list[str]) -> _Night:
    at_a_third: dict[str, int] = {}
    with stack.running() as up:

        def known() -> bool:
            return bool(rows(up.metadata, "known_dags")[0]["councils"] == len(slugs))

        wait_until(known, _START_SECONDS, "the councils' DAGs", up.processes.check)
        for slug in slugs:
            up.airflow.unpause(dag_of(slug))
        begun, before = time.time(), up.cpu_of_tasks()
        for slug in slugs:
            up.airflow.trigger(dag_of(slug), "bench")

        def ended() -> bool:
            (runs,) = rows(up.metadata, "runs")
            if runs["questions"]:
                raise AssertionError(f"{runs['questions']} councils' figures wait for somebody to sign them off")
            if runs["ended"] >= len(slugs) / 3 and not at_a_third:
                at_a_third.update(up.sizes())
            return bool(runs["ended"] == len(slugs))

        wait_until(ended, _START_SECONDS + _SECONDS_A_COUNCIL * len(slugs), "the councils' runs", up.processes.check)
        (runs,) = rows(up.metadata, "runs")
        steps = rows(up.metadata, "steps")
        if runs["good"] != len(slugs):
            raise AssertionError(f"{len(slugs) - runs['good']} of {len(slugs)} runs failed; by step: {steps}")
        return _Night(float(runs["last_end"]) - begun, up.cpu_of_tasks() - before, steps, at_a_third, up.sizes())


def _let_go_live(here: Place, slugs: list[str]) -> None:
    with Workspace.open(here.settings()) as workspace:
        for slug in slugs:
            for feed in workspace.feeds(slug):
                decide(workspace, feed, Verdict("released", by="bench", through="terminal"))


def _largest(process_id: int) -> int:
    found = [psutil.Process(process_id)]
    with contextlib.suppress(psutil.Error):
        found += found[0].children(recursive=True)
    sizes = []
    for process in found:
        with contextlib.suppress(psutil.Error):
            sizes.append(process.memory_info().rss >> 20)
    return max(sizes)
