"""Invented missed-bin reports: who reports what, when, through which channel, and when it is put right.

Everything is made up except the names of Solihull's wards. All chance comes from the `random.Random` that a
caller hands in, and only through its whole-number and choice methods, so that a seed gives the same cases on any
machine.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

LONDON = ZoneInfo("Europe/London")
STAMP = "%d/%m/%Y %H:%M"

WARDS = (
    "Bickenhill", "Blythe", "Castle Bromwich", "Chelmsley Wood", "Dorridge and Hockley Heath", "Elmdon",
    "Kingshurst and Fordbridge", "Knowle", "Lyndon", "Meriden", "Olton", "St Alphege", "Shirley East",
    "Shirley South", "Shirley West", "Silhill", "Smith's Wood",
)  # fmt: skip
# Homes are not spread evenly, so that small wards have weeks with fewer than five reports.
WARD_WEIGHTS = (6, 7, 6, 9, 4, 6, 8, 4, 6, 3, 6, 5, 6, 7, 6, 5, 8)

# Council word: its share of reports in the first week and in the last one. Digital grows slowly but steadily.
CHANNEL_WEIGHTS: Mapping[str, tuple[int, int]] = {
    "Online": (240, 300),
    "Web": (90, 110),
    "Self Service": (50, 70),
    "App": (60, 130),
    "Phone": (300, 170),
    "Telephone": (80, 40),
    "IVR": (60, 70),
    "Face to Face": (30, 15),
    "Solihull Connect": (30, 20),
    "Email": (45, 45),
    "Letter": (6, 4),
}
ALWAYS_OPEN = frozenset({"Online", "Web", "Self Service", "App", "IVR", "Email"})
BANK_HOLIDAYS = frozenset({
    dt.date(2025, 12, 25), dt.date(2025, 12, 26), dt.date(2026, 1, 1), dt.date(2026, 4, 3),
})  # fmt: skip
OFFICE_HOURS = range(8, 18)

# Bin type: its weight in a week with refuse collections and in one with recycling; food goes every week.
BIN_WEIGHTS: Mapping[str, tuple[int, int]] = {
    "Black (Refuse)": (62, 12),
    "Brown (Recycling)": (10, 54),
    "Green (Garden)": (2, 12),
    "Food Caddy": (14, 14),
}
GARDEN = "Green (Garden)"
MONTHS_WITHOUT_GARDEN = (12, 1, 2)

# Reports by hour of the local day: breakfast, lunch and the way home.
HOUR_WEIGHTS = (2, 1, 1, 1, 1, 3, 12, 34, 58, 64, 60, 52, 50, 44, 42, 46, 54, 62, 52, 38, 28, 20, 12, 5)
# Days between a missed collection and its report.
DELAY_WEIGHTS = (46, 34, 14, 6)

# How long a case stays open in days (a range to draw from, None = for good) and how often that happens.
CLOSING: Sequence[tuple[tuple[int, int] | None, int]] = (
    ((0, 0), 34), ((1, 1), 30), ((2, 3), 20), ((4, 10), 9), ((11, 30), 4), ((36, 60), 1), (None, 2),
)  # fmt: skip
OUTCOMES = {"Closed": 91, "Closed (Duplicate)": 5, "Closed (Transferred)": 4}

FIRST_NAMES = (
    "Ada", "Bram", "Cerys", "Dilip", "Efua", "Farid", "Gwen", "Hamza", "Isla", "Jonas", "Kezia", "Lowri",
    "Mehmet", "Nadia", "Orla", "Piotr", "Renée", "Sunil", "Tilda", "Umar", "Vera", "Winston", "Yusuf", "Zofia",
)  # fmt: skip
LAST_NAMES = (
    "Alderby", "Brackwell", "Corvane", "Dunmarsh", "Eastlode", "Fennimer", "Garrowby", "Hexstall",
    "Inglemere", "Jessamy", "Kettlow", "Larkstone", "Mossadine", "Norrowell", "Oakshutt", "Pellinore",
    "Quarrenden", "Rushmoor", "Sandiway", "Thornquist", "Underhay", "Vellacourt", "Wexcombe", "Yarrowdale",
)  # fmt: skip
STREET_NAMES = (
    "Amblefold", "Brindlecote", "Cawthorpe", "Dapplemere", "Elverstoke", "Foxholt", "Gathermoor",
    "Hollinside", "Inkbarrow", "Jackdaw", "Kelderwick", "Lapwing", "Merrowdown", "Nettlecroft", "Otterbourne",
    "Pinderfield",
)  # fmt: skip
STREET_KINDS = ("Road", "Lane", "Close", "Avenue", "Drive", "Crescent")
ADDRESS_FORMS = {
    "{number} {street}": 30,
    "{number} {street}, {ward}, Solihull": 52,
    'Flat {flat}, "The Hollies", {number} {street}': 8,
    "Café Tilleul, {number} {street}": 5,
    "{number} {street} (flat above the £1 shop)": 5,
}
NOTES = {
    "": 60,
    "Bin not emptied": 14,
    "Missed again, second time this month": 6,
    'Crew card said "road blocked", neighbours were emptied': 5,
    "Asked about the £25 charge for a new bin": 4,
    "Two of three bins at the café emptied": 3,
    "Bin by the side gate\nGate was left open": 4,
    "Called twice.\r\nWould like a call back": 4,
}

HOMES = 3000
HOMES_MISSED_OFTEN = 40


@dataclass(frozen=True)
class Premises:
    """A home that puts bins out. collected_on: weekday of its collections, Monday is 0."""

    uprn: str
    address: str
    ward: str
    collected_on: int
    resident: str
    email: str


@dataclass(frozen=True)
class Misdated:
    """A reported date that no calendar or clock has. corrected_on: the extract day from which it is right."""

    text: str
    corrected_on: dt.date | None = None


@dataclass(frozen=True)
class Case:
    """A report of a missed bin, from first to last. Instants are aware and in UTC, to the minute.

    outcome: the status that it has once closed. repeated_on: the extract day whose file holds its row twice.
    planted: the kinds of problem it was chosen to show.
    """

    record_ref: str
    reported_at: dt.datetime
    started_at: dt.datetime
    closed_at: dt.datetime | None
    channel: str
    outcome: str
    bin_type: str
    ward: str
    premises: Premises
    email: str
    notes: str
    misdated: Misdated | None = None
    repeated_on: dt.date | None = None
    planted: tuple[str, ...] = ()

    @cached_property
    def reported_day(self) -> dt.date:
        """The local day of the report."""
        return self.reported_at.astimezone(LONDON).date()

    @cached_property
    def closed_day(self) -> dt.date | None:
        """The local day of the closing, None while nothing closes it."""
        return None if self.closed_at is None else self.closed_at.astimezone(LONDON).date()

    def misdated_on(self, day: dt.date) -> bool:
        """Whether the export of an extract day shows the impossible date."""
        wrong = self.misdated
        return wrong is not None and (wrong.corrected_on is None or day < wrong.corrected_on)


def to_utc(local: dt.datetime) -> dt.datetime:
    """The UTC instant of a naive London time (its `fold` picks the first or second of a repeated hour)."""
    return local.replace(tzinfo=LONDON).astimezone(dt.UTC)


def is_unambiguous(local: dt.datetime) -> bool:
    """Whether a naive London time happened exactly once: false in a repeated and in a skipped hour."""
    return to_utc(local.replace(fold=0)) == to_utc(local.replace(fold=1))


def everyday_cases(rng: random.Random, starts: dt.date, weeks: int) -> list[Case]:
    """The ordinary reports of so many weeks from the Monday `starts`, in no order and without references."""
    homes = [_home(rng, index) for index in range(HOMES)]
    cases = []
    for week in range(weeks):
        monday = starts + dt.timedelta(weeks=week)
        for _ in range(_reports_in(rng, monday, week)):
            often = rng.randrange(100) < 9  # noqa: PLR2004 - percent of reports from homes missed often
            home = homes[rng.randrange(HOMES_MISSED_OFTEN if often else HOMES)]
            cases.append(_report(rng, home, monday, week, weeks))
    return cases


def _pick(rng: random.Random, weights: Mapping[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def _home(rng: random.Random, index: int) -> Premises:
    ward = rng.choices(WARDS, WARD_WEIGHTS)[0]
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    address = _pick(rng, ADDRESS_FORMS).format(
        number=rng.randrange(1, 180),
        flat=rng.randrange(1, 13),
        street=f"{rng.choice(STREET_NAMES)} {rng.choice(STREET_KINDS)}",
        ward=ward,
    )
    # No such UPRN is in use. Every fifth one starts with a zero, which a spreadsheet would drop.
    prefix = "0999" if index % 5 == 0 else "9990"
    return Premises(
        uprn=f"{prefix}{10_000_019 + 37 * index:08d}",
        address=address,
        ward=ward,
        collected_on=rng.randrange(5),
        resident=f"{first} {last}",
        email=f"{last.lower()}.{index}@example.org",
    )


def _reports_in(rng: random.Random, monday: dt.date, week: int) -> int:
    """How many reports a week brings: more with refuse collections, more when a bank holiday moves the rounds."""
    usual = 190 if week % 2 == 0 else 166
    holiday = any(monday + dt.timedelta(days=day) in BANK_HOLIDAYS for day in range(7))
    return usual + rng.randrange(-22, 23) + (22 if holiday else 0)


def _report(rng: random.Random, home: Premises, monday: dt.date, week: int, weeks: int) -> Case:
    # A Friday miss reported on a Monday is put on the Monday of the same week: each week keeps its total.
    weekday = (home.collected_on + rng.choices(range(4), DELAY_WEIGHTS)[0]) % 7
    local = _time_of_day(rng, monday + dt.timedelta(days=weekday))
    channel = _channel(rng, local, week, weeks)
    bins = {name: weights[week % 2] for name, weights in BIN_WEIGHTS.items()}
    if local.month in MONTHS_WITHOUT_GARDEN:
        del bins[GARDEN]
    reported_at = to_utc(local)
    return Case(
        record_ref="",
        reported_at=reported_at,
        started_at=reported_at + dt.timedelta(minutes=rng.randrange(60, 1800)),
        closed_at=_closing(rng, local),
        channel=channel,
        outcome=_pick(rng, OUTCOMES),
        bin_type=_pick(rng, bins),
        ward=home.ward,
        premises=home,
        email=home.email if channel in ALWAYS_OPEN - {"IVR"} or rng.randrange(3) == 0 else "",
        notes=_pick(rng, NOTES),
    )


def _time_of_day(rng: random.Random, day: dt.date) -> dt.datetime:
    while True:
        hour, minute = rng.choices(range(24), HOUR_WEIGHTS)[0], rng.randrange(60)
        local = dt.datetime.combine(day, dt.time(hour, minute))
        if is_unambiguous(local):
            return local


def _channel(rng: random.Random, local: dt.datetime, week: int, weeks: int) -> str:
    staffed = local.weekday() < 5 and local.hour in OFFICE_HOURS and local.date() not in BANK_HOLIDAYS  # noqa: PLR2004
    return _pick(rng, {
        word: first * (weeks - 1 - week) + last * week if weeks > 1 else first
        for word, (first, last) in CHANNEL_WEIGHTS.items()
        if staffed or word in ALWAYS_OPEN
    })  # fmt: skip


def _closing(rng: random.Random, local: dt.datetime) -> dt.datetime | None:
    """When a case reported at a naive London time closes: the same day, or in working hours of a later one."""
    days = rng.choices([days for days, _ in CLOSING], [weight for _, weight in CLOSING])[0]
    if days is None:
        return None
    same_day = local + dt.timedelta(minutes=rng.randrange(45, 420))
    if days == (0, 0) and same_day.date() == local.date() and 7 <= same_day.hour < 21:  # noqa: PLR2004
        return to_utc(same_day)
    day = local.date() + dt.timedelta(days=max(1, rng.randrange(days[0], days[1] + 1)))
    if day.weekday() == 6:  # noqa: PLR2004 - no crews on a Sunday
        day += dt.timedelta(days=1)
    return to_utc(dt.datetime.combine(day, dt.time(rng.randrange(7, 19), rng.randrange(60))))
