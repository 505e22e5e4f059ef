"""The problems of real exports, planted among the invented cases, each under a name that the truth lists."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from demo.cases import LONDON, WARDS, Case, Misdated, everyday_cases, to_utc

if TYPE_CHECKING:
    from collections.abc import Mapping

UNMAPPED_CHANNEL: Final = "unmapped-channel"
IMPOSSIBLE_DATE: Final = "impossible-date"
IMPOSSIBLE_DATE_CORRECTED: Final = "impossible-date-corrected"
AMBIGUOUS_TIME: Final = "ambiguous-time"
CLOSED_READS_EARLIER: Final = "closed-reads-earlier"
JUST_AFTER_MIDNIGHT: Final = "just-after-midnight"
DUPLICATE_ROWS: Final = "exact-duplicate-rows"
WARD_NAMED_NULL: Final = "ward-named-null"
CLOSED_AFTER_THREE_WEEKS: Final = "closed-after-three-weeks"
STILL_UPLOADING: Final = "still-uploading"
STALE_PART: Final = "stale-part"
RESENT_WRONG_WARD: Final = "resent-wrong-ward"
RESENT_INVENTED: Final = "resent-invented"
RESENT_MISSING: Final = "resent-missing"

UNKNOWN_CHANNEL = "Chatbot Pilot"
FIRST_REFERENCE = 12_345

# First and last local day, both included.
Days = tuple[dt.date, dt.date]


@dataclass(frozen=True)
class FirstAttempt:
    """How the first version of the re-sent file differs from the corrected one.

    wrong_wards: reference to the ward it shows. invented: cases that never were.
    missing: references left out.
    """

    wrong_wards: Mapping[str, str]
    invented: tuple[Case, ...]
    missing: frozenset[str]


@dataclass(frozen=True)
class Story:
    """All cases, numbered, in the order of their reports, and what went wrong with the last file at first."""

    cases: tuple[Case, ...]
    first_attempt: FirstAttempt


@dataclass(frozen=True)
class _Dated:
    """A report at a moment that causes trouble. Instants are aware and in UTC."""

    kinds: tuple[str, ...]
    reported_at: dt.datetime
    closed_at: dt.datetime
    misdated: Misdated | None = None


def _utc(month: int, day: int, hour: int, minute: int, year: int = 2025) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


DATED = (
    # On 26 October 2025 01:30 came twice, at 00:30 and at 01:30 UTC. The last of these three closes at
    # 01:10 UTC, 40 minutes after its report, and the clock shows 01:10 for it: 20 minutes before the report.
    _Dated((AMBIGUOUS_TIME,), _utc(10, 26, 0, 30), _utc(10, 27, 9, 5)),
    _Dated((AMBIGUOUS_TIME,), _utc(10, 26, 1, 30), _utc(10, 28, 14, 40)),
    _Dated((AMBIGUOUS_TIME, CLOSED_READS_EARLIER), _utc(10, 26, 0, 30), _utc(10, 26, 1, 10)),
    # On a Monday and on the first of a month in London, in the week and the month before in UTC.
    _Dated((JUST_AFTER_MIDNIGHT,), _utc(10, 19, 23, 15), _utc(10, 20, 13, 25)),
    _Dated((JUST_AFTER_MIDNIGHT,), _utc(3, 31, 23, 10, 2026), _utc(4, 1, 10, 50, 2026)),
    _Dated(
        (IMPOSSIBLE_DATE_CORRECTED,),
        _utc(12, 1, 8, 50),
        _utc(12, 3, 11, 20),
        Misdated("31/11/2025 08:50", corrected_on=dt.date(2025, 12, 4)),
    ),
    _Dated((IMPOSSIBLE_DATE,), _utc(3, 3, 10, 15, 2026), _utc(3, 4, 15, 30, 2026), Misdated("31/02/2026 10:15")),
    # London's clocks went from 00:59 straight to 02:00 that night; this was written with the hour unchanged.
    _Dated((IMPOSSIBLE_DATE,), _utc(3, 29, 1, 30, 2026), _utc(3, 30, 8, 45, 2026), Misdated("29/03/2026 01:30")),
)


def tell(seed: int, starts: dt.date, weeks: int) -> Story:
    """Everything that happens in so many weeks from the Monday `starts`; same arguments, same story.

    A problem tied to a date is planted only when the weeks hold that date.
    """
    rng = random.Random(seed)  # noqa: S311 - a reproducible sample, nothing secret
    cases = everyday_cases(rng, starts, weeks)
    last_day = starts + dt.timedelta(weeks=weeks, days=-1)
    # The middle third of the usual 26 weeks holds no clock change: three weeks in UTC are three on the wall.
    middle = (starts + dt.timedelta(weeks=weeks // 3), starts + dt.timedelta(weeks=2 * weeks // 3, days=-1))
    _plant_dated(rng, cases)
    _plant_unmapped_channel(rng, cases, (last_day - dt.timedelta(weeks=3), last_day))
    _plant_ward_named_null(rng, cases, (starts, last_day))
    _plant_three_weeks(rng, cases, middle)
    _plant_duplicate_rows(rng, cases, (starts, last_day))
    return _plant_first_attempt(rng, _numbered(rng, cases), last_day)


def _take(rng: random.Random, cases: list[Case], count: int, days: Days, channel: str | None = None) -> list[int]:
    """Where up to `count` cases of those local days stand, all demand, with nothing planted on them yet."""
    first, last = days
    places = [
        place
        for place, case in enumerate(cases)
        if first <= case.reported_day <= last
        and not case.planted
        and case.outcome == "Closed"
        and channel in {None, case.channel}
    ]
    return rng.sample(places, min(count, len(places)))


def _plant_dated(rng: random.Random, cases: list[Case]) -> None:
    for dated in DATED:
        # An everyday case of the same week moves to that moment, so that the week keeps its total.
        day = dated.reported_at.astimezone(LONDON).date()
        monday = day - dt.timedelta(days=day.weekday())
        for place in _take(rng, cases, 1, (monday, monday + dt.timedelta(days=6)), "Online"):
            cases[place] = replace(
                cases[place],
                reported_at=dated.reported_at,
                started_at=dated.reported_at + dt.timedelta(minutes=15),
                closed_at=dated.closed_at,
                misdated=dated.misdated,
                planted=dated.kinds,
            )


def _plant_unmapped_channel(rng: random.Random, cases: list[Case], days: Days) -> None:
    for place in _take(rng, cases, 7, days):
        cases[place] = replace(cases[place], channel=UNKNOWN_CHANNEL, planted=(UNMAPPED_CHANNEL,))


def _plant_ward_named_null(rng: random.Random, cases: list[Case], days: Days) -> None:
    for place in _take(rng, cases, 6, days):
        cases[place] = replace(cases[place], ward="NULL", planted=(WARD_NAMED_NULL,))


def _plant_three_weeks(rng: random.Random, cases: list[Case], days: Days) -> None:
    for place in _take(rng, cases, 1, days, "Phone"):
        case = cases[place]
        closed_at = case.reported_at + dt.timedelta(weeks=3)
        cases[place] = replace(case, closed_at=closed_at, planted=(CLOSED_AFTER_THREE_WEEKS,))


def _plant_duplicate_rows(rng: random.Random, cases: list[Case], days: Days) -> None:
    first, last = days
    # The last file is left out: it has troubles of its own.
    for number in range(6, (last - first).days + 1, 29):
        extract_day = first + dt.timedelta(days=number)
        recent = (extract_day - dt.timedelta(days=10), extract_day - dt.timedelta(days=1))
        for place in _take(rng, cases, rng.randrange(1, 4), recent):
            cases[place] = replace(cases[place], repeated_on=extract_day, planted=(DUPLICATE_ROWS,))


def _numbered(rng: random.Random, cases: list[Case]) -> list[Case]:
    """The cases in the order of their reports, with rising references that leave gaps for other services."""
    number = FIRST_REFERENCE
    numbered = []
    for case in sorted(cases, key=lambda case: case.reported_at):
        numbered.append(replace(case, record_ref=f"MB{number:07d}"))
        number += rng.randrange(1, 6)
    return numbered


def _plant_first_attempt(rng: random.Random, cases: list[Case], last_day: dt.date) -> Story:
    """Spoil the first version of the last file: all in the last week, and in part on its last day.

    Cases of the last day stand in no other file, so nothing else can make up for an error in these.
    """
    that_day = (last_day, last_day)
    days_before = (last_day - dt.timedelta(days=6), last_day - dt.timedelta(days=1))
    missing = _take(rng, cases, 3, that_day) + _take(rng, cases, 1, days_before)
    for place in missing:
        cases[place] = replace(cases[place], planted=(RESENT_MISSING,))
    wrong = _take(rng, cases, 2, that_day) + _take(rng, cases, 3, days_before)
    for place in wrong:
        cases[place] = replace(cases[place], planted=(RESENT_WRONG_WARD,))
    after = int(cases[-1].record_ref[2:])
    invented = tuple(
        replace(
            cases[place],
            record_ref=f"MB{after + step:07d}",
            reported_at=to_utc(dt.datetime.combine(last_day, dt.time(23, 40 + step))),
            closed_at=None,
            planted=(RESENT_INVENTED,),
        )
        for step, place in enumerate(_take(rng, cases, 2, that_day), start=1)
    )
    return Story(
        cases=tuple(cases),
        first_attempt=FirstAttempt(
            wrong_wards={cases[place].record_ref: _next_ward(cases[place].ward) for place in wrong},
            invented=invented,
            missing=frozenset(cases[place].record_ref for place in missing),
        ),
    )


def _next_ward(ward: str) -> str:
    return WARDS[(WARDS.index(ward) + 1) % len(WARDS)]
