"""Small sets of dealings, around the days on which calendars go wrong."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from demo.world.dealings import Dealing
from tests.kpis.exports import CONTRACTS, NAMES, feed_of, midnight, optional
from tests.kpis.recomputed import DAY, day_of, end_of, months_after

if TYPE_CHECKING:
    from collections.abc import Sequence

# The clocks go back on 26 October 2025; months, quarters, a year and many holidays end or begin around the others.
FIRST_DAY = dt.date(2025, 10, 20)
LIVELY = [
    *(dt.date(2025, 10, 20) + dt.timedelta(days=number) for number in range(15)),
    *(dt.date(2025, 11, 28) + dt.timedelta(days=number) for number in range(5)),
    *(dt.date(2025, 12, 22) + dt.timedelta(days=number) for number in range(16)),
    dt.date(2026, 1, 19), dt.date(2026, 1, 25), dt.date(2026, 1, 31),
]  # fmt: skip
NATIONS = [
    {"gss_code": "E06000001", "bank_holidays": "england-and-wales"},
    {"gss_code": "W06000001", "bank_holidays": "england-and-wales"},
    {"gss_code": "S12000005", "bank_holidays": "scotland"},
    {"gss_code": "N09000001", "bank_holidays": "northern-ireland", "tier": "district"},
]
PREMISES = ("100", "200", "300")


def moments(days: Sequence[dt.date] = LIVELY) -> st.SearchStrategy[dt.datetime]:
    """Minutes of these days, in UTC: around midnight, where London's day is another, more often than not."""
    times = st.sampled_from([dt.time(0, 0), dt.time(0, 30), dt.time(9, 15), dt.time(22, 59), dt.time(23, 30)])
    return st.builds(
        lambda day, time: dt.datetime.combine(day, time, dt.UTC),
        st.sampled_from(days),
        times | st.times().map(lambda time: time.replace(second=0, microsecond=0)),
    )


def some(values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(list(values))


@st.composite
def dealings(draw: st.DrawFn, transaction: str, until: dt.date, days: Sequence[dt.date] = LIVELY) -> list[Dealing]:
    """None or some dealings of a kind, reported before a day."""
    fields = CONTRACTS[transaction].fields
    words = {name: list(field.values) or ["A", "B"] for name, field in fields.items()}
    used = draw(st.lists(channels(transaction), min_size=1, max_size=4, unique=True))
    number = draw(st.sampled_from([0, 1, 8, 16, 24]))
    before = moments([day for day in days if day < until])
    reported = [moment for moment in draw(st.lists(before, min_size=number, max_size=number)) if day_of(moment) < until]
    numbers: dict[str, st.SearchStrategy[Any]] = {
        "premises_key": some(PREMISES), "rating": some(range(1, 6)), "items": some([1, 2, 12]),
        "starts": some([1, 2, 5]), "amount": some([Decimal("12.30"), Decimal("-4.05"), Decimal("1499.99")]),
    }  # fmt: skip
    found = []
    for number, moment in enumerate(reported):
        told = {
            NAMES.get(name, name): draw(numbers[name] if name in numbers else some(words[name]))
            for name in fields
            if name not in {"record_ref", "reported_at", "closed_at", "channel"}
        }
        minutes = draw(st.none() | st.integers(0, 6000)) if "closed_at" in fields else None
        closed = None if minutes is None else moment + dt.timedelta(minutes=minutes)
        found.append(
            Dealing(
                f"R{number}",
                moment,
                draw(st.sampled_from(used)),
                closed_at=closed if closed and day_of(closed) < until else None,
                **told,
            )
        )
    return found


@st.composite
def councils(draw: st.DrawFn, transaction: str) -> dict[str, Any]:
    """A council's facts: where it is decides on which days people work."""
    contract = CONTRACTS[transaction]
    return draw(st.sampled_from(NATIONS[: 3 if len(contract.nations) < len(NATIONS) else None]))


@st.composite
def feeds(draw: st.DrawFn, transaction: str, until: dt.date) -> dict[str, Any]:
    """A feed that sends some of the contract's fields, supplies some facts and covers everything up to a day."""
    left_out = draw(st.sets(st.sampled_from(optional(transaction)), max_size=2))
    coverage: list[dict[str, Any]] = [
        {},
        {"quiet_days": 10, "covers_until": until - DAY},
        *({"covers_from": day} for day in (FIRST_DAY, dt.date(2025, 10, 22), dt.date(2025, 7, 1))),
    ]
    facts = {**draw(st.sampled_from(coverage)), "unit_costs": draw(own_costs(transaction))}
    if transaction == "report-missed-bin":
        facts["collections"] = draw(collections())
    feed = feed_of(transaction, [name for name in optional(transaction) if name not in left_out], **facts)
    for word in draw(st.sets(channels(transaction), max_size=1)):
        del feed["columns"]["channel"]["map"][word]
    return feed


def own_costs(transaction: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """A council's own unit costs: of some channels, changed in between, estimates or not."""
    entry = st.fixed_dictionaries(
        {
            "channel": channels(transaction),
            "pounds": st.sampled_from(["0.17", "3.3333", "12"]),
            "valid_from": st.sampled_from([dt.date(2020, 1, 1), dt.date(2025, 11, 15), dt.date(2025, 12, 1)]),
            "estimate": st.booleans(),
            "source": st.just("the test"),
        }
    )
    return st.lists(entry, max_size=5, unique_by=lambda cost: (cost["channel"], cost["valid_from"]))


def channels(transaction: str) -> st.SearchStrategy[str]:
    return st.sampled_from(list(CONTRACTS[transaction].fields["channel"].values))


@st.composite
def counted(draw: st.DrawFn, period: str) -> tuple[list[Dealing], dt.date]:
    """Counts of council tax payments, and the first day that none of them is about."""
    starts = {
        "day": [FIRST_DAY + number * DAY for number in range(45)],
        "week": [FIRST_DAY + number * 7 * DAY for number in range(14)],
        "month": [dt.date(2025, 10, 1), dt.date(2025, 11, 1), dt.date(2025, 12, 1), dt.date(2026, 1, 1)],
    }[period]
    # Now and then a period is not stated.
    stated = [day for day in starts if draw(st.sampled_from([True] * 9 + [False]))] or starts[:1]
    found = []
    for day in stated:
        lines = st.tuples(channels("pay-council-tax"), st.sampled_from([None, "card", "cash"]))
        for channel, method in draw(st.lists(lines, min_size=1, max_size=3, unique=True)):
            count = draw(st.sampled_from([0, 1, 7, 1234]))
            found.append(
                Dealing(
                    "",
                    midnight(day),
                    channel,
                    payment_method=method,
                    status=draw(st.sampled_from([None, None, None, "completed", "abandoned", "test"])),
                    amount=draw(some([Decimal(0), Decimal("1234.56"), Decimal("-7.10")])),
                    starts=draw(some([count, count + 3])),
                    rating=draw(some(range(1, 6))),
                    count=count,
                )
            )
    return found, stated[-1] + DAY if period == "day" else end_of(period, stated[-1])


@st.composite
def monthly(draw: st.DrawFn, transaction: str) -> tuple[list[Dealing], dt.date]:
    """Up to three years of counts by month that end some time around 2025, and the first day after them."""
    ends = draw(st.sampled_from([dt.date(2025, 10, 1), dt.date(2026, 1, 1), dt.date(2026, 2, 1)]))
    used = draw(st.lists(channels(transaction), min_size=1, max_size=3, unique=True))
    found = [
        Dealing("", midnight(month), channel, count=draw(st.sampled_from([0, 1, 3, 50, 999])))
        for month in (months_after(ends, -number) for number in range(draw(st.sampled_from([2, 12, 25, 36])), 0, -1))
        if draw(st.sampled_from([True] * 30 + [False]))
        for channel in used
    ]
    found = found or [Dealing("", midnight(months_after(ends, -1)), used[0])]
    return found, end_of("month", day_of(found[-1].reported_at))


def collections() -> st.SearchStrategy[list[dict[str, Any]]]:
    """What a council supplies of its rounds: of some bin types, changed in between, ended or not."""
    entry = st.fixed_dictionaries(
        {
            "stream": st.sampled_from(["refuse", "recycling"]),
            "a_week": st.sampled_from([50_000, 33_333, 7]),
            "valid_from": st.sampled_from([dt.date(2025, 1, 6), dt.date(2025, 10, 27), dt.date(2025, 12, 15)]),
            "source": st.just("the test"),
        },
        optional={"valid_until": st.sampled_from([dt.date(2025, 12, 31), dt.date(2026, 1, 4)])},
    )
    return st.lists(entry, max_size=3, unique_by=lambda each: (each["stream"], each["valid_from"]))
