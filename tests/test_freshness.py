"""A feed is late a period and some grace after what its newest delivery reaches, and not a moment sooner."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_digital.calendar import LONDON, local_day, midnight
from local_digital.freshness import Cadence, late_from, state

MOMENT = dt.timedelta(microseconds=1)
CADENCES: tuple[Cadence, ...] = ("nightly", "weekly", "monthly")


def day(text: str) -> dt.datetime:
    return midnight(dt.date.fromisoformat(text))


def named(cadence: Cadence, as_of: dt.datetime, **facts: Any) -> str:
    known: dict[str, Any] = {"complete_until": day("2026-04-06"), "newest_status": "loaded", "ends": None, **facts}
    return state(cadence, as_of=as_of, **known)


@pytest.mark.parametrize(("cadence", "complete_until", "late"), [
    ("nightly", "2026-04-06", "2026-04-09"),
    ("weekly", "2026-04-06", "2026-04-15"),
    ("monthly", "2026-04-01", "2026-05-08"),
    # A month after the last of January there is no 31st.
    ("monthly", "2026-01-31", "2026-03-07"),
    ("monthly", "2025-12-15", "2026-01-22"),
])  # fmt: skip
def test_a_feed_is_late_a_period_and_its_grace_after_what_it_has(
    cadence: Cadence, complete_until: str, late: str
) -> None:
    begins = late_from(cadence, day(complete_until))

    assert begins == day(late)
    assert named(cadence, begins - MOMENT, complete_until=day(complete_until)) == "on time"
    assert named(cadence, begins, complete_until=day(complete_until)) == "late"


@given(st.sampled_from(CADENCES), st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2090, 1, 1)))  # noqa: DTZ001
def test_lateness_begins_at_a_london_midnight_whatever_the_clocks_do(cadence: Cadence, naive: dt.datetime) -> None:
    complete_until = naive.replace(tzinfo=dt.UTC)
    begins = late_from(cadence, complete_until)

    assert begins.astimezone(LONDON).time() == dt.time()
    days = (local_day(begins) - local_day(complete_until)).days
    assert days in {"nightly": {3}, "weekly": {9}, "monthly": set(range(35, 39))}[cadence]


def test_a_newest_delivery_that_was_turned_down_is_what_people_must_know_first() -> None:
    assert named("nightly", day("2026-11-01"), newest_status="rejected") == "rejected"
    assert named("nightly", day("2026-04-06"), newest_status="rejected", complete_until=None) == "rejected"


@pytest.mark.parametrize("newest_status", [None, "landed"])
def test_a_feed_of_which_nothing_is_loaded_has_no_delivery_yet(newest_status: str | None) -> None:
    facts = {"newest_status": newest_status, "complete_until": None}

    assert named("nightly", day("2026-11-01"), **facts) == "no delivery yet"


def test_a_feed_that_has_come_to_an_end_is_not_late_once_all_of_it_is_there() -> None:
    later = day("2026-11-01")

    assert named("nightly", later, ends=dt.date(2026, 4, 5)) == "on time"
    assert named("nightly", later, ends=dt.date(2026, 4, 6)) == "late"
