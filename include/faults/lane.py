"""A lane: a PostgreSQL server, a network and a folder, in which one trial after the other is run."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import select
import shutil
import signal
import subprocess
import time
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psutil
import psycopg2

from faults import calls, network
from faults.chain import ON_QUESTION, STEPS, Task, carry_out
from faults.dump import Dump, dump
from faults.network import Link
from local_digital.embedded import EmbeddedServer, free_port
from local_digital.errors import LocalDigitalError, defect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.sample import RemoteEnds
    from faults.network import Network
    from faults.world import Unit, World
    from local_digital.settings import Settings

TRIAL = "trial"
_SLOWEST_SECONDS = 180.0
# As many tries as the DAGs give a task.
_TRIES = 5
_MOST_LOOKS = 20
_LOOK_SECONDS = 0.11
Ending = Literal["done", "wait", "retry", "fail", "died", "hung"]


@dataclass(frozen=True)
class Ended:
    """How a try of a step ended. said: what it said of its fault. looked, waiting: as `Done` has them. seen: its calls,
    where they were watched.
    """

    how: Ending
    said: str = ""
    looked: dict[str, list[int]] | None = None
    waiting: bool = False
    seen: list[list[Any]] = field(default_factory=list)


@dataclass
class Journey:
    """What became of a night. outcomes: of each step, `done` or the kind of fault it ended with. tries: those that had
    to be run again. seen: the calls of each step, where they were watched.
    """

    outcomes: dict[str, str] = field(default_factory=dict)
    tries: list[str] = field(default_factory=list)
    seen: dict[str, list[list[Any]]] = field(default_factory=dict)


@dataclass
class Lane:
    """server: PostgreSQL of this lane alone. net: its network. folder: where landing store and spool of a trial are.

    fired: one byte that all processes of the lane share; it is set when a fault inside of a process happens.
    """

    number: int
    folder: Path
    server: EmbeddedServer
    port: int
    net: Network
    ends: RemoteEnds
    fired: mmap.mmap
    log: Path

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def landing(self) -> Path:
        return self.work / "landing"

    def url(self, database: str = TRIAL, *, through_network: bool = False) -> str:
        """Return the URL of a database of this lane."""
        port = self.net.ports[Link.POSTGRES] if through_network else self.port
        return f"postgresql+psycopg2://postgres:{self.server.password}@127.0.0.1:{port}/{database}"

    def settings(self, world: World, *, through_network: bool = False) -> Settings:
        return world.settings(self.ends, warehouse=self.url(through_network=through_network), folder=self.work)

    def restore(self, template: str, landing: Path) -> None:
        """Bring everything back to a state: a database to be copied, and a landing store."""
        self.heal()
        with self.administration() as cursor:
            cursor.execute(f"drop database if exists {TRIAL} with (force)")
            cursor.execute(f"create database {TRIAL} template {template}")
            # A copied sequence counts on what the log says of the one that it is a copy of, until a checkpoint; after a
            # crash before that it would give its numbers again.
            cursor.execute("checkpoint")
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        shutil.copytree(landing, self.landing)
        self.net.begin_platform()
        self.net.measured()
        self.fired[0] = 0

    @contextlib.contextmanager
    def administration(self) -> Iterator[Any]:
        """Yield a cursor on the lane's server, outside of any transaction, that nobody watches."""
        with contextlib.closing(self.connect("postgres")) as db:
            db.autocommit = True
            with db.cursor() as cursor:
                yield cursor

    def connect(self, database: str = TRIAL) -> psycopg2.extensions.connection:
        """Return a plain connection that no fault befalls."""
        # The driver's own function: in a watched process the module's is another one.
        return psycopg2._connect(self.url(database).replace("+psycopg2", ""))  # noqa: SLF001

    def kill_postgres(self) -> None:
        """Kill the server with all that belongs to it."""
        kill_server(self.server)

    def heal(self) -> None:
        """End what troubles the network, and start the server where it was killed."""
        self.net.heal()
        if not self._answers():
            self.server.start(self.port, durable=False)
            self.net.begin_platform()

    def _answers(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def try_once(
        self,
        task: Task,
        settings: Settings,
        *,
        watch: calls.Watch | None = None,
        before: Callable[[], None] | None = None,
    ) -> Ended:
        """Run one try of a step in a process of its own and wait for its end. before: is called in it, first of all."""
        return self.await_end(self.begin(task, settings, watch=watch, before=before))

    def begin(
        self,
        task: Task,
        settings: Settings,
        *,
        watch: calls.Watch | None = None,
        before: Callable[[], None] | None = None,
    ) -> tuple[int, int]:
        """Begin a try of a step in a process of its own; return its id and where it tells its end."""
        reading, writing = os.pipe()
        child = os.fork()
        if child:
            os.close(writing)
            return child, reading
        os.close(reading)
        ended = Ended("died")
        try:
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            ended = _carried_out(task, settings, watch, before)
            _write(writing, json.dumps(ended.__dict__).encode())
        except BaseException:  # noqa: BLE001 - whatever it is, this process ends here
            traceback.print_exc()
        finally:
            os._exit(0)

    def await_end(self, begun: tuple[int, int]) -> Ended:
        """Wait for the end of a try; one that takes too long is killed."""
        child, reading = begun
        told = bytearray()
        until = time.monotonic() + _SLOWEST_SECONDS
        hung = False
        while True:
            ready, _, _ = select.select([reading], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                hung = True
                os.kill(child, signal.SIGKILL)
                break
            piece = os.read(reading, 1 << 16)
            if not piece:
                break
            told += piece
        os.close(reading)
        os.waitpid(child, 0)
        if hung:
            return Ended("hung", said=f"no end within {_SLOWEST_SECONDS:.0f} s")
        return Ended(**json.loads(told)) if told else Ended("died")

    def run(
        self,
        unit: Unit,
        until: Any,
        settings: Settings,
        *,
        first: Callable[[Task, int], Ended] | None = None,
        after_fault: Callable[[], None] | None = None,
        steps: tuple[str, ...] = STEPS,
    ) -> Journey:
        """Run a night to its end as the scheduler does: what died or may pass is run again, the rest goes on.

        first: runs a try in place of the usual, given how many faults there were before. after_fault: is called before
        something is run again.
        """
        journey = Journey()
        waiting = False
        for step in steps:
            if step in ON_QUESTION and not waiting:
                continue
            task, faults, looks = Task(unit, step, until), 0, 0
            while True:
                ended = first(task, len(journey.tries)) if first else self.try_once(task, settings)
                if ended.seen:
                    journey.seen.setdefault(task.name, []).extend(ended.seen)
                if ended.how == "wait" and looks < _MOST_LOOKS:
                    looks += 1
                    task = replace(task, looked=ended.looked)
                    time.sleep(_LOOK_SECONDS)
                    continue
                if ended.how in {"died", "retry", "hung"} and faults < _TRIES:
                    faults += 1
                    journey.tries.append(f"{task.name}: {ended.how} {ended.said}".strip())
                    if after_fault:
                        after_fault()
                    # A task that is tried again begins with its first look.
                    task = replace(task, looked=None)
                    continue
                waiting = ended.waiting if step == "publish" else waiting
                journey.outcomes[step] = ended.how if ended.how == "done" else f"{ended.how} {ended.said}"
                break
        return journey

    def state(self, *, order_matters: bool = True) -> Dump:
        return dump(self.url(), self.url(), self.landing, order_matters=order_matters)


def kill_server(server: EmbeddedServer) -> None:
    """Kill a PostgreSQL server with all that belongs to it, as a crash of its machine would."""
    lines = (server.folder / "data" / "postmaster.pid").read_text("utf-8").splitlines()
    postmaster = psutil.Process(int(lines[0]))
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=10)


def _carried_out(task: Task, settings: Settings, watch: calls.Watch | None, before: Callable[[], None] | None) -> Ended:
    if watch:
        calls.watch(watch)
    if before:
        before()
    try:
        done = carry_out(task, settings)
        ended = Ended("done" if done.looked is None else "wait", looked=done.looked, waiting=done.waiting)
    except LocalDigitalError as error:
        # The edge to Airflow lets a fault that may pass be tried again, and ends the task for every other.
        said = f"{type(error).__name__}: {error.where}: expected {error.expected}; found {error.found}"
        ended = Ended("retry" if error.retry else "fail", said=said)
    except Exception as error:  # noqa: BLE001 - as there
        traceback.print_exc()
        ended = Ended("fail", said=defect(error))
    if not isinstance(watch, calls.Recorder):
        return ended
    return replace(ended, seen=[[call.kind, call.number, call.what] for call in watch.seen])


def _write(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


@contextlib.contextmanager
def lane(
    number: int,
    folder: Path,
    prepared: Path,
    ends: RemoteEnds,
    data_sets: list[dict[str, str]],
) -> Iterator[Lane]:
    """Set up a lane until the end of the block. prepared: a stopped server's folder, which is copied.

    ends: as the sources' own servers are reached. data_sets: what the platform's stand-in holds.
    """
    folder.mkdir(parents=True)
    folder.chmod(0o711)
    # With its owners, which shutil does not copy.
    subprocess.run(["cp", "-a", str(prepared), str(folder / "postgres")], check=True)  # noqa: S603, S607 - paths of ours
    server = EmbeddedServer(folder / "postgres")
    port = free_port()
    server.start(port, durable=False)
    upstream = {
        Link.SFTP: ends.sftp_port, Link.HTTPS: int(ends.https_url.rpartition(":")[2]), Link.POSTGRES: port,
    }  # fmt: skip
    try:
        url = f"postgresql+psycopg2://postgres:{server.password}@127.0.0.1:{port}/{TRIAL}"
        with network.network(upstream, url, data_sets) as net:
            own = replace(
                ends,
                sftp_port=net.ports[Link.SFTP],
                https_url=f"https://127.0.0.1:{net.ports[Link.HTTPS]}",
                platform_url=f"http://127.0.0.1:{net.ports[Link.PLATFORM]}",
            )
            yield Lane(number, folder, server, port, net, own, mmap.mmap(-1, 1), folder / "log.txt")
    finally:
        server.stop()
