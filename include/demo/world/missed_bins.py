"""Invented reports of missed bins, for any council: who reports what, by which channel, and what comes of it.

Everything is made up except the names of the wards. All chance comes from the place's seed, through whole numbers and
choices only, so that the same place gives the same reports on any machine.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from demo.cases import STREET_KINDS, STREET_NAMES, is_unambiguous, to_utc
from demo.world.dealings import LAST_NIGHT, STARTS, Dealing
from demo.world.entries import Way, correct, london, numbered, pick, way_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.world.entries import Entries, Entry

MISSED_BIN: Final = "report-missed-bin"
WEEKS: Final = (LAST_NIGHT - STARTS).days // 7

_CHRISTMAS = (dt.date(2025, 12, 25), dt.date(2025, 12, 26), dt.date(2026, 1, 1))
_GOOD_FRIDAY = dt.date(2026, 4, 3)
ENGLAND_AND_WALES = frozenset({*_CHRISTMAS, _GOOD_FRIDAY})
# St Andrew's Day was a Sunday, so that the Monday after it was free.
SCOTLAND = frozenset({*_CHRISTMAS, _GOOD_FRIDAY, dt.date(2025, 12, 1), dt.date(2026, 1, 2)})
NORTHERN_IRELAND = frozenset({*_CHRISTMAS, _GOOD_FRIDAY, dt.date(2026, 3, 17)})

_SUNDAY = 6
_MONTHS_WITHOUT_GARDEN = (12, 1, 2)
_PERCENT = 100
# By hour of the local day: bins still full on the way to work, and on the way back.
_HOUR_WEIGHTS = (1, 1, 1, 1, 1, 4, 16, 40, 56, 58, 54, 48, 44, 40, 40, 44, 56, 60, 48, 34, 24, 16, 10, 4)
# Days between a missed collection and its report.
_DELAY_WEIGHTS = (48, 32, 14, 6)
# Days that a case stays open (a range to draw from), and how often where crews are quick.
_DAYS_OPEN = ((0, 0), (1, 1), (2, 3), (4, 10), (11, 30), (36, 60))
_QUICK = (38, 30, 20, 8, 3, 1)
_SLOW = (14, 22, 30, 22, 10, 2)
_NEVER_CLOSED = 2
_WITHOUT_PREMISES = 3
_FROM_HOMES_MISSED_OFTEN = 10
_HOMES = 9000
_HOMES_MISSED_OFTEN = 25
_CREWS_START, _CREWS_END = 7, 19

# Why a collection failed, where the report was right and where it was not.
_FAULTS = {"vehicle-breakdown": 14, "not-completed": 32, "missed-in-error": 54}
_EXCUSES = {
    "not-presented": 38, "contaminated": 20, "excess-waste": 12, "too-heavy": 6, "damaged": 3, "gate-locked": 4,
    "blocked": 12, "road-closed": 5,
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """What sets the missed bins of a council apart from those of others.

    ref, first_ref: the form of its references and the first number. a_week: how many reports a usual week brings. ways:
    its words for channels. bins: the contract's streams, each with its weight in every week of the round. ends:
    statuses of finished cases. wards: empty where none is told. upheld: of a hundred finished cases, None where no
    outcome is told. reasons: those of the contract that its words know, empty where none is told. premises: the form of
    its identifiers, None where none is told. finest: what its system's times go down to. slow: whether cases stay open
    for long. corrected: how many entries stood wrong at first.
    """

    seed: int
    ref: str
    first_ref: int
    a_week: int
    ways: Mapping[str, Way] = field(repr=False)
    bins: Mapping[str, tuple[int, ...]]
    ends: Mapping[str, int]
    wards: tuple[str, ...] = ()
    upheld: int | None = None
    reasons: frozenset[str] = frozenset()
    premises: str | None = None
    holidays: frozenset[dt.date] = ENGLAND_AND_WALES
    finest: Literal["minute", "second", "microsecond"] = "minute"
    slow: bool = False
    corrected: int = 6


class _Home(NamedTuple):
    """collected_on: weekday of its collections. stream: the bin that is missed there where that happens often."""

    premises: str | None
    ward: str | None
    collected_on: int
    stream: str


def reports(place: Place) -> Entries:
    """All reports of the 26 weeks, numbered in their order; some stood wrong in the system for a while."""
    rng = random.Random(place.seed)  # noqa: S311 - a reproducible sample, nothing secret
    homes = [_home(rng, place, number) for number in range(_HOMES)]
    found = []
    for week in range(WEEKS):
        for _ in range(_reports_in(rng, place, week)):
            often = rng.randrange(_PERCENT) < _FROM_HOMES_MISSED_OFTEN
            home = homes[rng.randrange(_HOMES_MISSED_OFTEN if often else _HOMES)]
            found.append(_report(rng, place, home, week, often=often))
    entries = numbered(rng, found, place.ref, place.first_ref)
    return correct(rng, entries, place.corrected, lambda dealing: _misfiled(place, dealing))


def word_for(words: Mapping[str, tuple[str, ...]], value: str | None, entry: Entry) -> str:
    """A council's word for a value of the contract, one of several by the entry's number; empty for no value."""
    return "" if value is None else words[value][entry.number % len(words[value])]


def clock(moment: dt.datetime | None, form: str) -> str:
    """A moment as London's clocks show it, by strftime codes for numbers; empty for none."""
    return "" if moment is None else london(moment).strftime(form)


def address(entry: Entry) -> str:
    """An invented address, for the columns that must not come through."""
    street = STREET_NAMES[entry.number % len(STREET_NAMES)]
    return f"{entry.number % 90 + 1} {street} {STREET_KINDS[entry.number // 16 % len(STREET_KINDS)]}"


def email(entry: Entry) -> str:
    return f"reporter.{entry.number}@example.org"


def _home(rng: random.Random, place: Place, number: int) -> _Home:
    return _Home(
        premises=place.premises.format(10_000_019 + 37 * number) if place.premises else None,
        ward=rng.choice(place.wards) if place.wards else None,
        collected_on=rng.randrange(5),
        stream=pick(rng, {stream: sum(weights) for stream, weights in place.bins.items()}),
    )


def _reports_in(rng: random.Random, place: Place, week: int) -> int:
    """How many reports a week brings: the round's own rhythm, and more where a bank holiday moves the collections."""
    totals: list[int] = [sum(weights) for weights in zip(*place.bins.values(), strict=True)]
    usual = place.a_week * totals[week % len(totals)] * len(totals) // sum(totals)
    monday = STARTS + dt.timedelta(weeks=week)
    moved = any(monday + dt.timedelta(days=day) in place.holidays for day in range(7))
    return usual + rng.randrange(-usual // 8, usual // 8 + 1) + (usual // 6 if moved else 0)


def _report(rng: random.Random, place: Place, home: _Home, week: int, *, often: bool) -> tuple[Dealing, str]:
    """One report and the council's word for its channel."""
    # A Friday's miss that is reported on a Monday is put on the Monday of the same week: each week keeps its total.
    weekday = (home.collected_on + rng.choices(range(4), _DELAY_WEIGHTS)[0]) % 7
    local = _time_of_day(rng, place, STARTS + dt.timedelta(weeks=week, days=weekday))
    word, channel = way_in(rng, place.ways, local, week, WEEKS, place.holidays)
    bins = {stream: weights[week % len(weights)] for stream, weights in place.bins.items()}
    if local.month in _MONTHS_WITHOUT_GARDEN:
        bins.pop("garden", None)
    stream = home.stream if often and home.stream in bins else pick(rng, bins)
    named = rng.randrange(_PERCENT) >= _WITHOUT_PREMISES
    dealing = Dealing(
        ref="",
        reported_at=to_utc(local),
        channel=channel,
        status="open",
        ward=home.ward if named else None,
        stream=stream,
        premises=home.premises if named else None,
    )
    return _ended(rng, place, dealing, local), word


def _ended(rng: random.Random, place: Place, dealing: Dealing, local: dt.datetime) -> Dealing:
    """The report with what comes of it in the end."""
    end = pick(rng, place.ends)
    if end == "test":
        return replace(dealing, status="test")
    if rng.randrange(_PERCENT) < _NEVER_CLOSED:
        return dealing
    dealing = replace(dealing, status=end, closed_at=to_utc(_closing(rng, place, local)))
    if end != "closed":
        return dealing
    upheld = rng.randrange(_PERCENT) < (50 if place.upheld is None else place.upheld)
    causes = {cause: weight for cause, weight in (_FAULTS if upheld else _EXCUSES).items() if cause in place.reasons}
    return replace(
        dealing,
        outcome=None if place.upheld is None else "justified" if upheld else "not-justified",
        reason=pick(rng, causes) if causes else None,
    )


def _time_of_day(rng: random.Random, place: Place, day: dt.date) -> dt.datetime:
    while True:
        hour, minute = rng.choices(range(24), _HOUR_WEIGHTS)[0], rng.randrange(60)
        local = dt.datetime.combine(day, dt.time(hour, minute)) + _finer(rng, place)
        if is_unambiguous(local):
            return local


def _closing(rng: random.Random, place: Place, local: dt.datetime) -> dt.datetime:
    """When a case reported at a naive London time closes: while crews are out, on no Sunday and no bank holiday."""
    first, last = rng.choices(_DAYS_OPEN, _SLOW if place.slow else _QUICK)[0]
    soon = local + dt.timedelta(minutes=rng.randrange(45, 420))
    if last == 0 and soon.date() == local.date() and _crews_are_out(place, soon):
        return soon
    day = local.date() + dt.timedelta(days=max(1, rng.randrange(first, last + 1)))
    hour, minute = rng.randrange(_CREWS_START, _CREWS_END), rng.randrange(60)
    closing = dt.datetime.combine(day, dt.time(hour, minute)) + _finer(rng, place)
    while not _crews_are_out(place, closing):
        closing += dt.timedelta(days=1)
    return closing


def _crews_are_out(place: Place, local: dt.datetime) -> bool:
    working_day = local.weekday() != _SUNDAY and local.date() not in place.holidays
    return working_day and _CREWS_START <= local.hour < _CREWS_END


def _finer(rng: random.Random, place: Place) -> dt.timedelta:
    """What is above the minute, as far as the place's system keeps it."""
    match place.finest:
        case "minute":
            return dt.timedelta()
        case "second":
            return dt.timedelta(seconds=rng.randrange(60))
        case "microsecond":
            return dt.timedelta(microseconds=rng.randrange(60_000_000))


def _misfiled(place: Place, dealing: Dealing) -> Dealing:
    """What somebody first wrote down wrong: the ward, or the bin where no ward is told."""
    if place.wards:
        if dealing.ward is None:
            return dealing
        return replace(dealing, ward=place.wards[(place.wards.index(dealing.ward) + 1) % len(place.wards)])
    streams = list(place.bins)
    return replace(dealing, stream=streams[(streams.index(dealing.stream or "") + 1) % len(streams)])
