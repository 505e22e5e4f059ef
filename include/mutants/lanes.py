"""Try mutants one after the other in a few lanes: each in a process of its own, against a lane's own PostgreSQL."""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from mutmut.mutation.trampoline import set_mutant_under_test
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Engine, create_engine, event, text

from local_digital import sql
from local_digital.embedded import EmbeddedServer, running
from local_digital.settings import ROOT
from mutants.statements import mutants_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from sqlalchemy.engine import ExceptionContext

# What PostgreSQL says of a text that is no statement at all: syntax, types, names. Such a mutant tells nothing.
_NO_STATEMENT = {
    "42601", "42883", "42804", "42703", "42P01", "42P10", "42803", "42846", "42702", "42P18", "42725", "42P20",
}  # fmt: skip
# Imported once, before any mutant: the start of Python takes longer than most tests.
_WARM = ("tests.conftest", "tests.publishing.two_feeds", "local_digital.cli", "great_expectations", "pandas")
_PATIENCE = 4
# How a child ends that this program has broken, and no mutant.
_BROKEN = 70


@dataclass(frozen=True)
class Trial:
    """name: of the mutant. reached: what a test has to reach to notice. apply: makes the change in this process."""

    name: str
    reached: str
    apply: Callable[[], None]
    is_statement: bool


@dataclass
class Reaching:
    """The tests that reach something, the likeliest to notice first.

    seconds: how long each test takes; reaching: the tests by what they reach; budget: how many seconds of tests a
    mutant gets at first.
    """

    seconds: dict[str, float]
    reaching: dict[str, list[str]]
    budget: float
    _noticed: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @classmethod
    def read(cls, path: Path, budget: float) -> Reaching:
        """Take what `mutants.reached` wrote."""
        told = json.loads(path.read_text("utf-8"))
        reaching: dict[str, list[str]] = defaultdict(list)
        for test, facts in told.items():
            for reached in facts["reaches"]:
                reaching[reached].append(test)
        return cls({test: facts["seconds"] for test, facts in told.items()}, reaching, budget)

    def noticed(self, reached: str, test: str) -> None:
        """Remember that a test noticed a mutant."""
        self._noticed[reached][test] += 1

    def chosen(self, reached: str, tried: Collection[str] = ()) -> list[str]:
        """Return the tests to run: those that noticed others of its mutants, then of each file the quickest in turn.

        Those of one file stand together: what a file sets up for all its tests is set up once. tried: what has run at
        first; then all others are due, whatever they take.
        """
        rank: Counter[str] = Counter()
        turn: dict[str, int] = {}
        for test in sorted({*self.reaching.get(reached, ())}.difference(tried), key=self.seconds.__getitem__):
            turn[test] = rank[_file(test)]
            rank[_file(test)] += 1
        ordered = sorted(turn, key=lambda test: (-self._noticed[reached][test], turn[test], self.seconds[test]))
        chosen: dict[str, list[str]] = {}
        left = math.inf if tried else self.budget
        for test in ordered:
            if not chosen or left >= self.seconds[test]:
                chosen.setdefault(_file(test), []).append(test)
                left -= self.seconds[test]
        return [test for tests in chosen.values() for test in tests]

    def leave_out(self, test: str) -> None:
        """Run a test no more: it fails without a mutant, after others than those of its file."""
        for tests in self.reaching.values():
            if test in tests:
                tests.remove(test)


def _file(test: str) -> str:
    return test.partition("::")[0]


@dataclass
class _Lane:
    """chosen: the tests that run. tried: those that ran before. noticed_by: set while they run without the mutant that
    this test has noticed.
    """

    server: EmbeddedServer
    told: Path
    child: int = 0
    trial: Trial | None = None
    chosen: list[str] = field(default_factory=list)
    tried: Collection[str] = ()
    noticed_by: str | None = None
    until: float = 0.0


class _Watch:
    """Tells which test failed first, and whether a text was no statement."""

    def __init__(self, is_statement: bool) -> None:
        self.killer: str | None = None
        self.no_statement = False
        if is_statement:
            event.listen(Engine, "handle_error", self._error)

    def _error(self, context: ExceptionContext) -> None:
        self.no_statement |= getattr(context.original_exception, "pgcode", None) in _NO_STATEMENT

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.killer is None:
            self.killer = report.nodeid


def try_all(trials: list[Trial], tests: Reaching, lanes: int, folder: Path) -> Iterator[tuple[Trial, str]]:
    """Yield each mutant with its outcome as it is known: killed, survived, too slow, no test, no statement, not run.

    Killed is only what the same tests take no notice of when it is not there.
    """
    for name in _WARM:
        importlib.import_module(name)
    waiting = list(reversed(trials))
    tried: dict[str, list[str]] = {}
    sound: set[tuple[str, ...]] = set()
    with contextlib.ExitStack() as stack:
        side_by_side = [
            _Lane(stack.enter_context(_server()), folder / f"lane-{number}.json") for number in range(lanes)
        ]
        while waiting or any(lane.trial for lane in side_by_side):
            for lane in side_by_side:
                trial = lane.trial
                if trial is None:
                    if waiting and not _begin_trial(lane, begun := waiting.pop(), tests, tried.get(begun.name, ())):
                        yield begun, "survived" if begun.name in tried else "no test"
                        lane.trial = None
                elif outcome := _outcome(lane):
                    _drop_databases(lane.server)
                    if done := _next(lane, trial, outcome, tests, sound):
                        lane.trial = None
                        if done == "survived" and trial.name not in tried:
                            # The other tests have their turn once everybody has had the likeliest.
                            tried[trial.name] = lane.chosen
                            waiting.insert(0, trial)
                        else:
                            yield trial, done
            time.sleep(0.02)


def _begin_trial(lane: _Lane, trial: Trial, tests: Reaching, tried: Collection[str] = ()) -> bool:
    """Start with a mutant; return False where no test reaches it that has not been tried."""
    lane.trial, lane.noticed_by, lane.chosen, lane.tried = trial, None, tests.chosen(trial.reached, tried), tried
    if lane.chosen:
        _begin(lane, tests, trial.apply)
    return bool(lane.chosen)


def _next(
    lane: _Lane, trial: Trial, outcome: tuple[str, str | None], tests: Reaching, sound: set[tuple[str, ...]]
) -> str | None:
    """Return what became of a lane's mutant, None while that is not known yet.

    sound: the lists of tests that take no notice of anything where nothing is changed.
    """
    kind, killer = outcome
    if lane.noticed_by is None:
        if kind != "killed" or killer is None:
            return kind
        until = lane.chosen[: lane.chosen.index(killer) + 1] if killer in lane.chosen else lane.chosen
        if tuple(until) not in sound:
            lane.noticed_by, lane.chosen = killer, until
            _begin(lane, tests, lambda: None)
            return None
        tests.noticed(trial.reached, killer)
        return kind
    if kind == "survived":
        sound.add(tuple(lane.chosen))
        tests.noticed(trial.reached, lane.noticed_by)
        return "killed"
    # What calls itself otherwise than it was asked for cannot be told from the others.
    for test in [lane.noticed_by] if lane.noticed_by in lane.chosen else lane.chosen:
        tests.leave_out(test)
    if _begin_trial(lane, trial, tests, lane.tried):
        return None
    return "survived" if lane.tried else "no test"


@contextlib.contextmanager
def _server() -> Iterator[EmbeddedServer]:
    # The server may run as another account than the tests, which has to reach the folder.
    with tempfile.TemporaryDirectory(prefix="local-digital-mutants-") as folder:
        Path(folder).chmod(0o711)
        with running(Path(folder) / "postgres", durable=False) as server:
            yield server


def _begin(lane: _Lane, tests: Reaching, change: Callable[[], None]) -> None:
    lane.told.unlink(missing_ok=True)
    lane.until = time.monotonic() + 30 + _PATIENCE * sum(tests.seconds[test] for test in lane.chosen)
    lane.child = os.fork()
    if lane.child:
        return
    status = _BROKEN
    try:
        os.setsid()
        with lane.told.with_suffix(".log").open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            change()
            watch = _Watch(is_statement=bool(lane.trial and lane.trial.is_statement))
            options = ["-x", "-q", "-p", "no:cacheprovider", f"--postgres={lane.server.folder}"]
            code = int(pytest.main([*options, *lane.chosen], plugins=[watch]))
            told = {"code": code, "killer": watch.killer, "no statement": watch.no_statement}
            lane.told.write_text(json.dumps(told), "utf-8")
        status = 0
    finally:
        if status:
            traceback.print_exc()
        os._exit(status)


def _outcome(lane: _Lane) -> tuple[str, str | None] | None:
    child, status = os.waitpid(lane.child, os.WNOHANG)
    if not child:
        if time.monotonic() < lane.until:
            return None
        os.killpg(lane.child, signal.SIGKILL)
        os.waitpid(lane.child, 0)
        return "too slow", None
    return _told(lane, os.waitstatus_to_exitcode(status))


def _told(lane: _Lane, exit_code: int) -> tuple[str, str | None]:
    if exit_code == _BROKEN:
        return "not run", None
    if not lane.told.exists():
        # It took the whole process with it.
        return "killed", None
    told: dict[str, Any] = json.loads(lane.told.read_text("utf-8"))
    if told["no statement"]:
        return "no statement", None
    if told["code"] not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        # It did not come to the tests: the log says why.
        return "not run", None
    return ("killed" if told["code"] else "survived"), told["killer"]


def _drop_databases(server: EmbeddedServer) -> None:
    engine = create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        names: Iterable[str] = db.scalars(text("select datname from pg_database where not datistemplate")).all()
        for name in names:
            # The warehouse that others are copied from may have been made by a mutant, too.
            if name != "postgres":
                db.execute(text(f"drop database {engine.dialect.identifier_preparer.quote(name)} with (force)"))
    engine.dispose()


def _trial(name: str) -> Trial:
    """Return the mutant of this name: of a statement, or of a function that mutmut has changed."""
    if ".sql:" not in name:
        return Trial(name, name.rpartition("__mutmut_")[0], lambda: set_mutant_under_test(name), is_statement=False)
    statement = name.partition(".sql:")[0]
    path = ROOT / "sql" / f"{statement}.sql"
    original = path.read_text("utf-8")
    (mutant,) = (each for each in mutants_of(statement, original) if each.name == name)

    def apply() -> None:
        with tempfile.TemporaryDirectory() as folder:
            changed = Path(folder) / "sql" / f"{statement}.sql"
            changed.parent.mkdir(parents=True)
            changed.write_text(mutant.applied(original), "utf-8")
            with mock.patch("local_digital.sql.ROOT", Path(folder)):
                # What is read once stands for all who ask later.
                sql.statement.cache_clear()
                sql.statement(statement)

    return Trial(name, statement, apply, is_statement=True)


def main(folder: Path) -> None:
    """Try what `asked.json` in this folder names; write the outcomes to `told.json`, as they come."""
    asked = json.loads((folder / "asked.json").read_text("utf-8"))
    outcomes: dict[str, str] = {}
    tests = Reaching.read(folder / "reached.json", asked["budget"])
    with Progress(*Progress.get_default_columns(), "{task.completed} of {task.total}", console=Console()) as progress:
        task = progress.add_task("mutants", total=len(asked["names"]))
        for trial, outcome in try_all([_trial(name) for name in asked["names"]], tests, asked["lanes"], folder):
            outcomes[trial.name] = outcome
            (folder / "told.json").write_text(json.dumps(outcomes), "utf-8")
            progress.advance(task)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
