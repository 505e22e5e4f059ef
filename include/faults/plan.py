"""Which points are tried: as many different ones as are wanted, spread over councils, steps and kinds of call."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from typing import TYPE_CHECKING

from faults.calls import Kind
from faults.faults import AT_A_CALL, Fault, Point
from faults.network import Link, Trouble

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from faults.trial import Calm
    from faults.world import World

# How much of the whole each fault gets.
_SHARES = {
    Fault.KILLED_BEFORE: 20, Fault.KILLED_AFTER: 20, Fault.SESSION_ENDED: 12, Fault.ANSWER_LOST: 6,
    Fault.POSTGRES_KILLED: 6, Fault.CUT: 10, Fault.CUT_ALWAYS: 5, Fault.DRIP: 2, Fault.DISK_FULL: 5, Fault.CLOCK: 5,
    Fault.AT_ONCE: 3, Fault.REPEATED: 3, Fault.OUT_OF_ORDER: 3,
}  # fmt: skip
# The calls that a fault can befall, where those are not all.
_BEFALL = {
    Fault.SESSION_ENDED: {Kind.STATEMENT, Kind.COPY, Kind.COMMIT},
    Fault.POSTGRES_KILLED: {Kind.STATEMENT, Kind.COPY, Kind.COMMIT},
    Fault.ANSWER_LOST: {Kind.COMMIT},
}
# The steps that write to disk.
_WRITING = ("extract", "validate")
_JUMPS = (24 * 3600, -3600, -24 * 3600)
_FREE_BYTES = (0, 4 << 10)
# Of steps that are run again with less to do: so many statements each of them has.
_SURE = 3
# A server that drips is given up after a second or five.
_MOST_DRIPPED = 3000


def plan(worlds: dict[str, World], calms: list[Calm], wanted: int, seed: int) -> list[Point]:
    """Return so many different points, or all that there are. calms: the nights without a fault, which tell the calls.

    The same seed gives the same points for the same nights.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    found: list[Point] = []
    streams = {fault: _spread(_all(fault, worlds, calms, chance), chance) for fault in _SHARES}
    turns = [fault for fault, share in _SHARES.items() for _ in range(share)]
    chance.shuffle(turns)
    # One of each first, so that a short set has all of them.
    for fault in itertools.chain(_SHARES, itertools.cycle(turns)):
        if len(found) >= wanted or not streams:
            break
        if fault in streams:
            point = next(streams[fault], None)
            if point is None:
                del streams[fault]
            else:
                found.append(point)
    return found


def _spread(points: Iterable[Point], chance: random.Random) -> Iterator[Point]:
    """Yield points in turns: another council, step and kind of call as long as there is one, all before any again."""
    groups: dict[Hashable, list[Point]] = defaultdict(list)
    for point in dict.fromkeys(points):
        groups[point.step, point.call, point.trouble and (point.trouble.link, point.trouble.direction)].append(point)
    queues = [_by_unit(group, chance) for group in groups.values()]
    chance.shuffle(queues)
    while queues:
        left = []
        for queue in queues:
            for point in itertools.islice(queue, 1):
                yield point
                left.append(queue)
        queues = left


def _by_unit(points: list[Point], chance: random.Random) -> Iterator[Point]:
    by_unit: dict[Hashable, list[Point]] = defaultdict(list)
    for point in points:
        by_unit[point.unit].append(point)
    queues = list(by_unit.values())
    for queue in queues:
        chance.shuffle(queue)
    chance.shuffle(queues)
    for turn in itertools.zip_longest(*queues):
        yield from (point for point in turn if point is not None)


def _all(fault: Fault, worlds: dict[str, World], calms: list[Calm], chance: random.Random) -> Iterator[Point]:
    for calm in calms:
        if fault in AT_A_CALL:
            yield from _calls(fault, calm)
        elif fault in {Fault.CUT, Fault.CUT_ALWAYS, Fault.DRIP}:
            yield from _bytes(fault, calm, chance)
        else:
            yield from _nights(fault, worlds[calm.unit.night], calm)


def _calls(fault: Fault, calm: Calm) -> Iterator[Point]:
    for step, seen in calm.journey.seen.items():
        for kind, number, what in seen:
            if Kind(kind) in _BEFALL.get(fault, Kind):
                yield Point(fault, calm.unit, step, Kind(kind), number, what)


def _nights(fault: Fault, world: World, calm: Calm) -> Iterator[Point]:
    """Yield the points of faults that are no single call's."""
    unit, steps = calm.unit, calm.journey.outcomes
    match fault:
        case Fault.DISK_FULL:
            yield from (Point(fault, unit, step, amount=free) for step in _WRITING for free in _FREE_BYTES)
        case Fault.CLOCK:
            yield from (Point(fault, unit, step, amount=jump) for step in steps for jump in _JUMPS)
        case Fault.AT_ONCE:
            yield from (Point(fault, unit, seed=seed) for seed in range(1, 3))
        case Fault.REPEATED:
            for step, number, run in itertools.product(steps, range(1, _SURE + 1), range(2)):
                yield Point(fault, unit, step, Kind.STATEMENT, number, "any", amount=run)
        case Fault.OUT_OF_ORDER if len(world.new_files(unit)) > 1:
            for step, number in itertools.product(steps, range(1, _SURE + 1)):
                yield Point(fault, unit, step, Kind.STATEMENT, number, "any")


def _bytes(fault: Fault, calm: Calm, chance: random.Random) -> Iterator[Point]:
    for step, most in sorted(calm.bytes.items()):
        for (link, direction), longest in sorted(most.items()):
            if link is Link.POSTGRES or longest < 1:
                continue
            what, lasting = ("drip", False) if fault is Fault.DRIP else ("cut", fault is Fault.CUT_ALWAYS)
            for _ in range(3):
                after = chance.randrange(max(1, longest - 1))
                yield Point(fault, calm.unit, step, trouble=Trouble(link, direction, after, what, lasting))  # type: ignore[arg-type]
