"""A council's system over time: what it holds of each dealing, and which of it an export of a night shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from demo.cases import FIRST_NAMES, LAST_NAMES, LONDON, is_unambiguous, to_utc
from demo.world.dealings import STARTS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from demo.world.dealings import Dealing, Delivery

# By hour of the local day: after breakfast, at lunch and in the evening.
_HOUR_WEIGHTS = (2, 1, 1, 1, 1, 2, 8, 22, 44, 62, 66, 60, 52, 48, 46, 44, 46, 48, 40, 34, 30, 22, 12, 5)
_WEEKDAY_WEIGHTS = (24, 20, 19, 18, 17, 13, 7)
# Offices and libraries are staffed from Monday to Saturday.
_STAFFED_HOURS = range(9, 18)
_SUNDAY = 6
_CLOSED = frozenset({dt.date(2025, 12, 25), dt.date(2025, 12, 26), dt.date(2026, 1, 1), dt.date(2026, 4, 3)})


class Way(NamedTuple):
    """A council's word for a channel. value: the contract's. first, last: its weight in the first and the last week.
    staffed: only while the offices are open.
    """

    value: str
    first: int
    last: int
    staffed: bool = False


@dataclass(frozen=True)
class Entry:
    """A dealing as a council's system keeps it.

    number: its place among the system's dealings. word: the council's word for the channel. before: what the system
    said until `corrected_at`, when somebody put it right.
    """

    number: int
    dealing: Dealing
    word: str
    before: Dealing | None = None
    corrected_at: dt.datetime | None = None

    def at(self, moment: dt.datetime) -> Dealing:
        """What the system shows at a moment after the report: a correction or a closing still to come is not there."""
        early = self.before if self.before and self.corrected_at and moment <= self.corrected_at else self.dealing
        if early.closed_at and early.closed_at >= moment:
            return replace(
                early, closed_at=None, status="open" if early.status else None, rating=None, outcome=None, reason=None
            )
        return early

    @cached_property
    def changes(self) -> tuple[dt.datetime, ...]:
        """The moments at which the system's entry came or changed."""
        moments = (self.dealing.reported_at, self.dealing.closed_at, self.corrected_at)
        return tuple(moment for moment in moments if moment)

    def changed(self, since: dt.datetime, until: dt.datetime) -> bool:
        return any(since <= moment < until for moment in self.changes)

    @property
    def person(self) -> str:
        """An invented name, for the columns that must not come through."""
        first = FIRST_NAMES[self.number % len(FIRST_NAMES)]
        return f"{first} {LAST_NAMES[(self.number * 7 + self.number // 24) % len(LAST_NAMES)]}"


Entries = tuple[Entry, ...]


@dataclass(eq=False)
class FileFeed:
    """A feed of files. told: what the warehouse must hold; written: the files, oldest first."""

    council: str
    transaction: str
    source: Literal["sftp", "folder", "api", "open311"]
    told: Callable[[], Sequence[Dealing]] = field(repr=False)
    written: Callable[[], Iterator[Delivery]] = field(repr=False)

    def dealings(self) -> Sequence[Dealing]:
        return self.told()

    def deliveries(self) -> Iterator[Delivery]:
        return self.written()

    def answers(self) -> Sequence[dict[str, object]]:
        return ()


@dataclass(eq=False)
class ApiFeed:
    """A feed of an API. told: what the warehouse must hold; kept: the API's records, oldest first."""

    council: str
    transaction: str
    source: Literal["sftp", "folder", "api", "open311"]
    told: Callable[[], Sequence[Dealing]] = field(repr=False)
    kept: Callable[[], Sequence[dict[str, object]]] = field(repr=False)

    def dealings(self) -> Sequence[Dealing]:
        return self.told()

    def deliveries(self) -> Iterator[Delivery]:
        return iter(())

    def answers(self) -> Sequence[dict[str, object]]:
        return self.kept()


def midnight(day: dt.date) -> dt.datetime:
    """The moment, in UTC, at which a London day begins."""
    return to_utc(dt.datetime.combine(day, dt.time()))


def written_at(day: dt.date, hour: int, minute: int) -> dt.datetime:
    """The moment, in UTC, at which a server writes the export of an extract day."""
    return to_utc(dt.datetime.combine(day, dt.time(hour, minute)))


def london(moment: dt.datetime) -> dt.datetime:
    """The wall clock's time, naive."""
    return moment.astimezone(LONDON).replace(tzinfo=None)


def after_weeks(*weeks: int) -> tuple[dt.date, ...]:
    """The Mondays that many weeks after the stories start."""
    return tuple(STARTS + dt.timedelta(weeks=number) for number in weeks)


def known(entries: Entries, day: dt.date) -> list[Dealing]:
    """Everything the system holds when a day begins, as it shows it then."""
    moment = midnight(day)
    return [entry.at(moment) for entry in entries if entry.dealing.reported_at < moment]


def changed(entries: Entries, first: dt.date, day: dt.date) -> list[tuple[Entry, Dealing]]:
    """What came or changed from one day's beginning to another's, as the system shows it at the latter."""
    since, until = midnight(first), midnight(day)
    return [
        (entry, entry.at(until))
        for entry in entries
        if entry.dealing.reported_at < until and entry.changed(since, until)
    ]


def weekly_totals(rng: random.Random, usual: int, spread: int, weeks: int) -> list[int]:
    """How many dealings each week brings; fewer when Christmas falls into it."""
    totals = []
    for week in range(weeks):
        monday = STARTS + dt.timedelta(weeks=week)
        holiday = sum(monday <= day < monday + dt.timedelta(weeks=1) for day in _CLOSED)
        totals.append((usual + rng.randrange(-spread, spread + 1)) * (6 - holiday) // 6)
    return totals


def moment_in(rng: random.Random, week: int) -> dt.datetime:
    """A naive London time of a week, one that the clocks showed once."""
    monday = STARTS + dt.timedelta(weeks=week)
    while True:
        day = monday + dt.timedelta(days=rng.choices(range(7), _WEEKDAY_WEIGHTS)[0])
        local = dt.datetime.combine(day, dt.time(rng.choices(range(24), _HOUR_WEIGHTS)[0], rng.randrange(60)))
        if is_unambiguous(local):
            return local


def way_in(
    rng: random.Random,
    ways: Mapping[str, Way],
    local: dt.datetime,
    week: int,
    weeks: int,
    holidays: frozenset[dt.date] = _CLOSED,
) -> tuple[str, str]:
    """A channel that is open at a naive London time: the council's word and the contract's value."""
    staffed = local.weekday() != _SUNDAY and local.hour in _STAFFED_HOURS and local.date() not in holidays
    weights = {
        word: way.first * (weeks - 1 - week) + way.last * week if weeks > 1 else way.first
        for word, way in ways.items()
        if staffed or not way.staffed
    }
    word = pick(rng, weights)
    return word, ways[word].value


def pick(rng: random.Random, weights: Mapping[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def numbered(rng: random.Random, found: Sequence[tuple[Dealing, str]], ref: str, first: int) -> list[Entry]:
    """Order dealings by their moments and give them rising references, with gaps for what was none of these.

    ref: the reference's form, such as `WR{:07d}`.
    """
    entries = []
    number = first
    for dealing, word in sorted(found, key=lambda one: one[0].reported_at):
        entries.append(Entry(number, replace(dealing, ref=ref.format(number)), word))
        number += rng.randrange(1, 5)
    return entries


def correct(
    rng: random.Random,
    entries: Sequence[Entry],
    times: int,
    wrong: Callable[[Dealing], Dealing],
    between: tuple[int, int] = (0, 80),
) -> Entries:
    """Let so many entries have stood wrong for some days. wrong: what the system said of a dealing at first. between:
    how far into the story they are, in percent; the corrections of the newest would come after the last export.
    """
    found = list(entries)
    finished = [
        place
        for place, entry in enumerate(found)
        if entry.dealing.status in {None, "completed", "closed"} and entry.dealing != wrong(entry.dealing)
    ]
    first, last = (len(finished) * percent // 100 for percent in between)
    for place in rng.sample(finished[first:last], times):
        entry = found[place]
        corrected_at = max(entry.changes) + dt.timedelta(days=rng.randrange(8, 16), minutes=rng.randrange(60))
        found[place] = replace(entry, before=wrong(entry.dealing), corrected_at=corrected_at)
    return tuple(found)
