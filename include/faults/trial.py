"""One trial: a night with a fault, run again as a scheduler would, and compared with the night that had none."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faults.calls import Recorder
from faults.chain import BEFORE_PUBLISHING, STEPS
from faults.clock import set_clock
from faults.dump import Dump, differences, rows
from faults.faults import AT_A_CALL, Dawdler, Fault, Hider, Injector, Point
from local_digital.calendar import LONDON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from faults.chain import Task
    from faults.lane import Ended, Journey, Lane
    from faults.network import Direction, Link
    from faults.place import Place
    from faults.world import Unit

_OF_RELEASES = (
    "ledger.approval", "ledger.hold", "ledger.publication", "ledger.release", "marts.released_count", "open_data.",
    "platform",
)  # fmt: skip
_SMALL_BYTES = 48 << 20
_RUNS_AT = dt.time(5, 30)


@dataclass(frozen=True)
class Calm:
    """A night without any fault. state: after it; unordered: the same without what tells of the deliveries' order.

    bytes: of the longest connection of each step, by link and way.
    """

    unit: Unit
    journey: Journey
    state: Dump
    unordered: Dump
    bytes: dict[str, dict[tuple[Link, Direction], int]]
    differs: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What became of a trial. differs: rows missing and rows too many, by table. met: whether the fault befell it.

    tries: what had to be run again. wrong: an ending that should not have been.
    """

    point: Point
    met: bool
    differs: dict[str, tuple[int, int]]
    rows: int
    tries: list[str]
    wrong: list[str]
    seconds: float

    @property
    def survived(self) -> bool:
        return not self.differs and not self.wrong


def calm(here: Place, own: Lane, unit: Unit) -> Calm:
    """Run a unit's night without a fault, twice: watched, and not."""
    world = here.worlds[unit.night]
    settings = own.settings(world)
    here.restore(own, unit)
    most: dict[str, dict[tuple[Link, Direction], int]] = {}

    def watched(task: Task, _: int) -> Ended:
        own.net.measured()
        ended = own.try_once(task, settings, watch=Recorder())
        most[task.name] = own.net.measured()[1]
        return ended

    journey = own.run(unit, world.day, settings, first=watched)
    state, unordered = own.state(), own.state(order_matters=False)
    here.restore(own, unit)
    again = own.run(unit, world.day, settings)
    differs = differences(state, own.state())
    if again.outcomes != journey.outcomes or again.tries or journey.tries:
        differs["the outcomes of the steps"] = (1, 1)
    return Calm(unit, journey, state, unordered, most, differs)


def trial(here: Place, own: Lane, point: Point, expected: Calm) -> Result:
    """Run a unit's night with a fault and compare what it comes to."""
    begun = time.monotonic()
    here.restore(own, point.unit)
    journeys, met = _HOW.get(point.fault, _at_a_step)(here, own, point)
    own.heal()
    ordered = point.fault not in {Fault.OUT_OF_ORDER, Fault.AT_ONCE}
    found, right = own.state(order_matters=ordered), expected.state if ordered else expected.unordered
    if point.fault is Fault.AT_ONCE and not _until_figures(point):
        found, right = _but_releases(found), _but_releases(right)
    # Of other faults only the verdict on the platform is the same, since there is more than one run.
    judged = None if point.fault in AT_A_STEP else {"reconcile"}
    wrong = [
        f"{step}: {outcome}, in place of {expected.journey.outcomes.get(step, 'nothing')}"
        for step, outcome in journeys[-1].outcomes.items()
        if (judged is None or step in judged) and outcome != expected.journey.outcomes.get(step)
    ]
    tries = [said for journey in journeys for said in journey.tries]
    wrong += [said for said in tries if ": hung" in said]
    return Result(
        point,
        met,
        differences(right, found),
        rows(found),
        tries,
        wrong,
        time.monotonic() - begun,
    )


def _at_a_step(here: Place, own: Lane, point: Point) -> tuple[list[Journey], bool]:
    """Let a call, or the network, fail in the first try of a step."""
    world = here.worlds[point.unit.night]
    settings = own.settings(world)
    # Only a fault between us and the database needs to stand there.
    faulty = own.settings(world, through_network=point.fault is Fault.ANSWER_LOST)
    met = False

    def first(task: Task, faults: int) -> Ended:
        nonlocal met
        if faults or met or task.name != point.step:
            return own.try_once(task, settings)
        if point.trouble:
            own.net.arm(point.trouble)
        ended = own.try_once(task, faulty, watch=Injector(point, own) if point.call else None)
        met = bool(own.fired[0]) or own.net.measured()[0] > 0
        own.net.heal()
        return ended

    journey = own.run(point.unit, world.day, settings, first=first, after_fault=own.heal)
    return [journey], met


def _disk_full(here: Place, own: Lane, point: Point) -> tuple[list[Journey], bool]:
    """Leave so many bytes free in the first try of a step, where landing store, spool and temporary files are."""
    world = here.worlds[point.unit.night]
    met = False
    with _small(own.work) as small:
        settings = own.settings(world)

        def first(task: Task, faults: int) -> Ended:
            nonlocal met
            if faults or met or task.step != point.step:
                return own.try_once(task, settings)
            with small.filled(point.amount):
                ended = own.try_once(task, settings, before=small.before(point.amount))
            met = ended.how not in {"done", "wait"}
            return ended

        journey = own.run(point.unit, world.day, settings, first=first)
        kept = own.work.with_name("kept")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(own.work, kept)
    shutil.rmtree(own.work, ignore_errors=True)
    kept.rename(own.work)
    return [journey], met


@dataclass(frozen=True)
class _Small:
    """A folder with little room: a file system of its own, or else a limit on how large a file may become."""

    folder: Path
    mounted: bool

    @contextlib.contextmanager
    def filled(self, free: int) -> Iterator[None]:
        ballast = self.folder / "ballast"
        if self.mounted:
            room = os.statvfs(self.folder)
            with ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(1, room.f_bavail * room.f_frsize - free))
        try:
            yield
        finally:
            ballast.unlink(missing_ok=True)

    def before(self, free: int) -> Callable[[], None]:
        def limited() -> None:
            temporary = self.folder / "temporary"
            temporary.mkdir(exist_ok=True)
            tempfile.tempdir = str(temporary)
            if not self.mounted:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (free, free))

        return limited


@contextlib.contextmanager
def _small(folder: Path) -> Iterator[_Small]:
    """Put a small file system in the place of a folder until the end of the block, where we may."""
    kept = folder.with_name("before")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept)
    mounted = can_mount() and not subprocess.run(  # noqa: S603 - no outside input
        ["mount", "-t", "tmpfs", "-o", f"size={_SMALL_BYTES}", "tmpfs", str(folder)],  # noqa: S607 - wherever it is
        capture_output=True, check=False,
    ).returncode  # fmt: skip
    if mounted:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
    try:
        yield _Small(folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607 - as above


def can_mount() -> bool:
    """Say whether this account may make a file system of its own, if the system lets it."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


def _clock(here: Place, own: Lane, point: Point) -> tuple[list[Journey], bool]:
    """Let the clock of each step but one show the night itself, and that of the one a later or earlier time."""
    world = here.worlds[point.unit.night]
    settings = own.settings(world)
    met = False

    def first(task: Task, _: int) -> Ended:
        nonlocal met
        jump = point.amount if task.step == point.step else 0
        met = met or bool(jump)
        night = dt.datetime.combine(world.day, _RUNS_AT, LONDON) - dt.datetime.now(dt.UTC)
        return own.try_once(task, settings, before=lambda: set_clock(night.total_seconds() + jump))

    return [own.run(point.unit, world.day, settings, first=first)], met


def _at_once(here: Place, own: Lane, point: Point) -> tuple[list[Journey], bool]:
    """Run the night twice at once, each at a pace of its own; then the scheduler's next run.

    Every other time up to the figures only, so that what is released is that run's alone and can be compared too.
    """
    world = here.worlds[point.unit.night]
    settings = own.settings(world)

    def run(seed: int) -> None:
        own.run(
            point.unit,
            world.day,
            settings,
            first=lambda task, faults: own.try_once(task, settings, watch=Dawdler(seed + faults)),
            steps=BEFORE_PUBLISHING if _until_figures(point) else STEPS,
        )

    other = os.fork()
    if not other:
        try:
            run(point.seed * 1000 + 500)
        finally:
            os._exit(0)
    run(point.seed * 1000)
    os.waitpid(other, 0)
    return [own.run(point.unit, world.day, settings)], True


def _until_figures(point: Point) -> bool:
    return point.seed % 2 == 1


def _but_releases(state: Dump) -> Dump:
    """Leave out what tells of releases: two runs at once may release figures on which only one of two files has told,
    and what is shown later depends, by design, on what was shown before.
    """
    return {name: lines for name, lines in state.items() if not name.startswith(_OF_RELEASES)}


def _repeated(here: Place, own: Lane, point: Point) -> tuple[list[Journey], bool]:
    """Run the night twice; a process is killed in the first or in the second run."""
    world = here.worlds[point.unit.night]
    journeys, met = [], False
    for number in range(2):
        if number == point.amount:
            found, met = _at_a_step(here, own, point)
            journeys += found
        else:
            journeys.append(own.run(point.unit, world.day, own.settings(world)))
    return journeys, met


def _out_of_order(here: Place, own: Lane, point: Point) -> tuple[list[Journey], bool]:
    """Run the night without the older of its new files, up to its figures, and again when that has come; the latter has
    a process killed.

    Nothing is published between the two: what is released depends, by design, on what was shown before.
    """
    world = here.worlds[point.unit.night]
    settings = own.settings(world)
    hidden = frozenset({_older(here, point.unit)})
    journeys = [
        own.run(
            point.unit,
            world.day,
            settings,
            first=lambda task, _: own.try_once(task, settings, watch=Hider(hidden)),
            steps=BEFORE_PUBLISHING,
        )
    ]
    found, met = _at_a_step(here, own, point)
    return [*journeys, *found], met


def _older(here: Place, unit: Unit) -> str:
    """Return the bare name of the older one of a night's new files."""
    return here.worlds[unit.night].new_files(unit)[0].rpartition("/")[2]


# Those that end as the night without a fault does, step by step.
AT_A_STEP = AT_A_CALL | {Fault.CUT, Fault.CUT_ALWAYS, Fault.DRIP, Fault.DISK_FULL, Fault.CLOCK}
_HOW: dict[Fault, Callable[[Place, Lane, Point], tuple[list[Journey], bool]]] = {
    Fault.DISK_FULL: _disk_full,
    Fault.CLOCK: _clock,
    Fault.AT_ONCE: _at_once,
    Fault.REPEATED: _repeated,
    Fault.OUT_OF_ORDER: _out_of_order,
}
