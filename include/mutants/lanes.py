"""Try mutants one after the other in a few lanes: each in a process of its own, against a lane's own PostgreSQL."""

from __future__ import annotations

import contextlib
import importlib
import json
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
    from collections.abc import Callable, Generator, Iterable, Iterator

    from sqlalchemy.engine import ExceptionContext

    # By the names of mutants.
    _Outcomes = dict[str, str]
    _Steps = Generator["_Run", "_Told", _Outcomes]

# What PostgreSQL says of a text that is no statement at all: syntax, types, names. Such a mutant tells nothing.
_NO_STATEMENT = {
    "42601", "42883", "42804", "42703", "42P01", "42P10", "42803", "42846", "42702", "42P18", "42725", "42P20",
}  # fmt: skip
# Imported once, before any mutant: the start of Python takes longer than most tests.
_WARM = ("tests.conftest", "tests.publishing.two_feeds", "local_digital.cli", "great_expectations", "pandas")
_PATIENCE = 4
# How a child ends that this program has broken, and no mutant.
_BROKEN = 70
# So many survivors of the likeliest tests go through all the others together.
_GROUP = 16


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
    mutant gets by itself.
    """

    seconds: dict[str, float]
    reaching: dict[str, list[str]]
    budget: float
    _noticed: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _sound: set[tuple[str, ...]] = field(default_factory=set)

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

    def chosen(self, reached: str) -> list[str]:
        """Return the tests to run: those that noticed others of its mutants, then of each file the quickest in turn.

        Those of one file stand together: what a file sets up for all its tests is set up once.
        """
        rank: Counter[str] = Counter()
        turn: dict[str, int] = {}
        for test in sorted(self.reaching.get(reached, ()), key=self.seconds.__getitem__):
            turn[test] = rank[_file(test)]
            rank[_file(test)] += 1
        ordered = sorted(turn, key=lambda test: (-self._noticed[reached][test], turn[test], self.seconds[test]))
        chosen: dict[str, list[str]] = {}
        left = self.budget
        for test in ordered:
            if not chosen or left >= self.seconds[test]:
                chosen.setdefault(_file(test), []).append(test)
                left -= self.seconds[test]
        return [test for tests in chosen.values() for test in tests]

    def of(self, reached: str, some: Iterable[str]) -> list[str]:
        """Return those of some tests that reach this."""
        return [test for test in some if test in self.reaching.get(reached, ())]

    def reach_any(self, trials: Iterable[Trial]) -> list[str]:
        """Return all tests that reach one of these, in the order of a whole run."""
        wanted = {test for trial in trials for test in self.reaching.get(trial.reached, ())}
        return [test for test in self.seconds if test in wanted]

    def leave_out(self, test: str) -> None:
        """Run a test no more: it fails without a mutant, after others than those of its file."""
        for tests in self.reaching.values():
            if test in tests:
                tests.remove(test)

    def passed(self, tests: list[str]) -> None:
        """Remember that these passed in this order."""
        self._sound.update(tuple(tests[: number + 1]) for number in range(len(tests)))

    def are_sound(self, tests: list[str]) -> bool:
        """Tell whether these are known to pass in this order where nothing is changed that they would notice."""
        return tuple(tests) in self._sound


def _file(test: str) -> str:
    return test.partition("::")[0]


@dataclass(frozen=True)
class _Run:
    """Tests to be run in one process with some mutants, or with none. whole: all of them, whatever fails."""

    trials: list[Trial]
    tests: list[str]
    whole: bool = False


@dataclass(frozen=True)
class _Told:
    """kind: survived, killed, too slow, no statement, not run. failed: the tests that failed, in their order."""

    kind: str
    failed: list[str]


@dataclass
class _Lane:
    """steps: what goes on here. child: the process in which some of it runs, until `until` at the latest."""

    server: EmbeddedServer
    told: Path
    steps: _Steps | None = None
    child: int = 0
    until: float = 0.0


class _Watch:
    """Tells which tests failed, and whether a text was no statement."""

    def __init__(self, is_statement: bool) -> None:
        self.failed: list[str] = []
        self.no_statement = False
        if is_statement:
            event.listen(Engine, "handle_error", self._error)

    def _error(self, context: ExceptionContext) -> None:
        self.no_statement |= getattr(context.original_exception, "pgcode", None) in _NO_STATEMENT

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.nodeid not in self.failed:
            self.failed.append(report.nodeid)


def try_all(trials: list[Trial], tests: Reaching, lanes: int, folder: Path) -> Iterator[_Outcomes]:
    """Yield the outcomes of mutants as they are known: killed, survived, too slow, no test, no statement, not run.

    Each is tried by itself with the likeliest tests; who survives these goes through all the others, several in one
    process. Killed is only what the same tests take no notice of when it is not there.
    """
    for name in _WARM:
        importlib.import_module(name)
    by_name = {trial.name: trial for trial in trials}
    survived = []
    with contextlib.ExitStack() as stack:
        side_by_side = [
            _Lane(stack.enter_context(_server()), folder / f"lane-{number}.json") for number in range(lanes)
        ]
        for outcomes in _all(side_by_side, (_alone(trial, tests) for trial in trials), tests):
            survived += [by_name[name] for name, outcome in outcomes.items() if outcome == "survived"]
            yield {name: outcome for name, outcome in outcomes.items() if outcome != "survived"}
        yield from _all(side_by_side, (_together(group, tests) for group in _groups(survived)), tests)


def _groups(trials: list[Trial]) -> list[list[Trial]]:
    """Return mutants in groups of which no two change the same."""
    groups: list[list[Trial]] = []
    for trial in trials:
        for group in groups:
            if len(group) < _GROUP and all(trial.reached != other.reached for other in group):
                group.append(trial)
                break
        else:
            groups.append([trial])
    return groups


def _alone(trial: Trial, tests: Reaching, failed: list[str] | None = None) -> _Steps:
    """Try one mutant with the likeliest tests, or with those that failed where it was among others."""
    while chosen := tests.chosen(trial.reached) if failed is None else tests.of(trial.reached, failed):
        told = yield _Run([trial], chosen)
        if not told.failed:
            if told.kind == "survived":
                tests.passed(chosen)
            return {trial.name: told.kind}
        killer = told.failed[0]
        until = chosen[: chosen.index(killer) + 1] if killer in chosen else chosen
        if not tests.are_sound(until):
            without = yield _Run([], until)
            if without.kind != "survived":
                # What calls itself otherwise than it was asked for cannot be told from the others.
                for test in tests.of(trial.reached, without.failed) or until:
                    tests.leave_out(test)
                continue
            tests.passed(until)
        tests.noticed(trial.reached, killer)
        return {trial.name: told.kind}
    return {trial.name: "no test" if failed is None else "survived"}


def _together(group: list[Trial], tests: Reaching) -> _Steps:
    """Try mutants of which none changes what another does, with all tests that reach any of them.

    Whose tests fail is tried with these by itself. One that hides another is possible, and takes a kill from us.
    """
    told = yield _Run(group, tests.reach_any(group), whole=True)
    if told.kind == "survived" or (len(group) == 1 and not told.failed):
        return {trial.name: told.kind for trial in group}
    outcomes: _Outcomes = {}
    for trial in group:
        if told.failed:
            outcomes |= yield from _alone(trial, tests, told.failed)
        else:
            # The process did not come to an end by itself: nobody knows whose fault that was.
            outcomes |= yield from _together([trial], tests)
    return outcomes


def _all(side_by_side: list[_Lane], waiting: Iterator[_Steps], tests: Reaching) -> Iterator[_Outcomes]:
    """Go through all steps, one in each lane at a time; yield what each comes to."""
    busy = True
    while busy:
        busy = False
        for lane in side_by_side:
            try:
                if lane.steps is None:
                    lane.steps = next(waiting, None)
                    if lane.steps is not None:
                        _begin(lane, next(lane.steps), tests)
                elif told := _told(lane):
                    _drop_databases(lane.server)
                    _begin(lane, lane.steps.send(told), tests)
            except StopIteration as done:
                lane.steps = None
                busy = True
                yield done.value
            busy |= lane.steps is not None
        time.sleep(0.02)


@contextlib.contextmanager
def _server() -> Iterator[EmbeddedServer]:
    # The server may run as another account than the tests, which has to reach the folder.
    with tempfile.TemporaryDirectory(prefix="local-digital-mutants-") as folder:
        Path(folder).chmod(0o711)
        with running(Path(folder) / "postgres", durable=False) as server:
            yield server


def _begin(lane: _Lane, run: _Run, tests: Reaching) -> None:
    lane.told.unlink(missing_ok=True)
    lane.until = time.monotonic() + 30 + _PATIENCE * sum(tests.seconds[test] for test in run.tests)
    lane.child = os.fork()
    if lane.child:
        return
    status = _BROKEN
    try:
        os.setsid()
        with lane.told.with_suffix(".log").open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            sql.statement.cache_clear()
            for trial in run.trials:
                trial.apply()
            # Of several together nobody could say whose text it was.
            watch = _Watch(is_statement=len(run.trials) == 1 and run.trials[0].is_statement)
            options = [
                "-q",
                "-p",
                "no:cacheprovider",
                f"--postgres={lane.server.folder}",
                *([] if run.whole else ["-x"]),
            ]
            code = int(pytest.main([*options, *run.tests], plugins=[watch]))
            told = {"code": code, "failed": watch.failed, "no statement": watch.no_statement}
            lane.told.write_text(json.dumps(told), "utf-8")
        status = 0
    finally:
        if status:
            traceback.print_exc()
        os._exit(status)


def _told(lane: _Lane) -> _Told | None:
    """Return what a lane's run came to, None while it runs."""
    child, status = os.waitpid(lane.child, os.WNOHANG)
    if not child:
        if time.monotonic() < lane.until:
            return None
        os.killpg(lane.child, signal.SIGKILL)
        os.waitpid(lane.child, 0)
        return _Told("too slow", [])
    if os.waitstatus_to_exitcode(status) == _BROKEN:
        return _Told("not run", [])
    if not lane.told.exists():
        # It took the whole process with it.
        return _Told("killed", [])
    return _read(json.loads(lane.told.read_text("utf-8")))


def _read(told: dict[str, Any]) -> _Told:
    if told["no statement"]:
        return _Told("no statement", [])
    if told["code"] not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        # It did not come to the tests: the log says why.
        return _Told("not run", [])
    return _Told("killed" if told["code"] else "survived", told["failed"])


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
        return Trial(name, name.rpartition("__mutmut_")[0], lambda: _change_function(name), is_statement=False)
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
                sql.statement(statement)

    return Trial(name, statement, apply, is_statement=True)


def _change_function(name: str) -> None:
    module, _, mutant = name.rpartition(".")
    functions = getattr(importlib.import_module(module), f"mutants_{mutant.rpartition('__mutmut_')[0]}__mutmut")
    # mutmut itself knows one mutant at a time.
    functions["_mutmut_orig"] = functions[mutant]
    # For the programs that the tests start.
    set_mutant_under_test(name)


def main(folder: Path) -> None:
    """Try what `asked.json` in this folder names; write the outcomes to `told.json`, as they come."""
    asked = json.loads((folder / "asked.json").read_text("utf-8"))
    outcomes: dict[str, str] = {}
    tests = Reaching.read(folder / "reached.json", asked["budget"])
    with Progress(*Progress.get_default_columns(), "{task.completed} of {task.total}", console=Console()) as progress:
        task = progress.add_task("mutants", total=len(asked["names"]))
        for told in try_all([_trial(name) for name in dict.fromkeys(asked["names"])], tests, asked["lanes"], folder):
            outcomes |= told
            (folder / "told.json").write_text(json.dumps(outcomes), "utf-8")
            progress.advance(task, len(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
