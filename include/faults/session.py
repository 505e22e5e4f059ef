"""A whole session: the nights without a fault, the points, and their trials on lanes side by side."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from faults.dump import rows
from faults.plan import plan
from faults.trial import Calm, Result, calm, trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from faults.faults import Point
    from faults.lane import Lane
    from faults.place import Place

# One in so many points befalls nobody.
_SPARE = 4
_PATIENCE_SECONDS = 60.0


@dataclass
class Outcome:
    """What a session came to. results: in the order in which they ended. broken: what the harness itself stumbled over.

    seconds: of the trials.
    """

    calms: list[Calm] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def injected(self) -> int:
        return sum(result.met for result in self.results)

    @property
    def survived(self) -> int:
        return sum(result.met and result.survived for result in self.results)

    @property
    def rows(self) -> int:
        """How many rows and files were compared, of all trials."""
        return sum(result.rows for result in self.results)

    @property
    def lost(self) -> list[Result]:
        """The trials that came to something else than the night without a fault, whether or not that befell them."""
        return [result for result in self.results if not result.survived]

    @property
    def all_well(self) -> bool:
        return self.injected > 0 and not self.lost and not self.broken and not any(each.differs for each in self.calms)


def session(
    here: Place,
    *,
    points: int,
    seed: int,
    lanes: int,
    told: Callable[[Calm | Result], None],
    planned: Callable[[int], None],
) -> Outcome:
    """Try so many points on so many lanes. told: is called with each night and each trial that has ended.

    planned: is called with how many points there are, before the first is tried.
    """
    outcome = Outcome()
    with _working(here, lanes) as workers:
        for found in workers.do(iter([("calm", unit) for unit in here.before]), lambda _: False):
            if isinstance(found, Calm):
                outcome.calms.append(found)
                told(found)
            else:
                outcome.broken.append(found)
        outcome.calms.sort(key=lambda each: each.unit)
        expected = {each.unit: each for each in outcome.calms}
        # A fault that befalls nobody, such as a disk with room enough, is no trial: another takes its place.
        chosen = plan(here.worlds, outcome.calms, points + points // _SPARE + 1, seed)
        planned(min(points, len(chosen)))
        jobs = (("trial", (point, expected[point.unit])) for point in chosen)
        for found in workers.do(jobs, lambda busy: outcome.injected + busy >= points):
            if isinstance(found, Result):
                outcome.results.append(found)
                told(found)
            else:
                outcome.broken.append(found)
    return outcome


class _Workers:
    def __init__(self, ends: list[Connection]) -> None:
        self._ends = ends

    def do(self, jobs: Iterator[tuple[str, Any]], enough: Callable[[int], bool]) -> Iterator[Any]:
        """Give each worker a job as soon as it is free; yield what they return, or a defect in words.

        enough: told how many are at work, says that there need be no more.
        """
        busy: list[Connection] = []
        free = list(self._ends)
        while True:
            while free and not enough(len(busy)) and (job := next(jobs, None)) is not None:
                free[-1].send(job)
                busy.append(free.pop())
            if not busy:
                return
            for end in [end for end in wait(busy) if isinstance(end, Connection)]:
                busy.remove(end)
                free.append(end)
                yield end.recv()


@contextlib.contextmanager
def _working(here: Place, lanes: int) -> Iterator[_Workers]:
    fork = get_context("fork")
    ends: list[Connection] = []
    processes = []
    for number in range(1, lanes + 1):
        mine, its = fork.Pipe()
        # No daemon: it has children of its own.
        process = fork.Process(target=_work, args=(here, number, its, [*ends, mine]))
        process.start()
        its.close()
        ends.append(mine)
        processes.append(process)
    try:
        yield _Workers(ends)
        for end in ends:
            end.send(None)
    except BaseException:
        # Their lanes are stopped in order, without the trials that they are at.
        for process in processes:
            process.terminate()
        raise
    finally:
        for process in processes:
            process.join(_PATIENCE_SECONDS)
            process.kill()
        for end in ends:
            end.close()


def _work(here: Place, number: int, jobs: Connection, others: list[Connection]) -> None:
    for other in others:
        other.close()
    # Ctrl-C is the parent's matter, which then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with here.lane(number) as own:
            while (job := _next(jobs)) is not None:
                jobs.send(_done(here, own, *job))
    except KeyboardInterrupt:
        os._exit(1)


def _next(jobs: Connection) -> Any:
    try:
        return jobs.recv()
    except EOFError:
        return None


def _done(here: Place, own: Lane, what: str, facts: Any) -> Calm | Result | str:
    try:
        if what == "calm":
            return calm(here, own, facts)
        return trial(here, own, *facts)
    except Exception as error:  # noqa: BLE001 - the other points go on
        traceback.print_exc(file=sys.stderr)
        return f"{what} {facts[0] if what == 'trial' else facts}: {type(error).__name__}"


def by_fault(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Return the results by the words for their fault, those of the nights of a clock change apart."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(label(result.point), []).append(result)
    return dict(sorted(found.items()))


def label(point: Point) -> str:
    """Return the words for a point's kind of fault."""
    return str(point.fault) if point.unit.night == "last" else f"{point.fault}, on a night of a clock change"


def compared(outcome: Outcome) -> int:
    """Return how many rows and files one night's state is of, at most."""
    return max((rows(each.state) for each in outcome.calms), default=0)
