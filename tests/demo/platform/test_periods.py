"""The arithmetic of periods."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.platform.periods import Period

PERIODS = st.sampled_from(list(Period))
MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001 - the zone is added


@given(PERIODS, MOMENTS)
def test_every_moment_lies_in_exactly_the_period_that_starts_before_it(period: Period, moment: dt.datetime) -> None:
    start = period.start(moment)
    assert start <= moment < period.later(start)
    assert period.start(start) == start
    assert period.start(period.later(start)) == period.later(start)


@given(PERIODS, MOMENTS, st.integers(-300, 300), st.integers(-300, 300))
def test_steps_add_up_and_can_be_taken_back(period: Period, moment: dt.datetime, one: int, other: int) -> None:
    start = period.start(moment)
    assert period.later(period.later(start, one), other) == period.later(start, one + other)


@given(PERIODS, MOMENTS, st.integers(0, 50), st.timedeltas(dt.timedelta(0), dt.timedelta(hours=1)))
def test_the_periods_that_cover_a_stretch_touch_it_without_a_gap(
    period: Period, start_at: dt.datetime, steps: int, extra: dt.timedelta
) -> None:
    end_at = period.later(period.start(start_at), steps) + extra
    starts = list(period.covering(start_at, end_at))
    assert all(period.later(one) == other for one, other in itertools.pairwise(starts))
    assert all(start < end_at and period.later(start) > start_at for start in starts)
    assert bool(starts) == (period.start(start_at) < end_at)


@given(MOMENTS)
def test_weeks_start_on_monday_midnight(moment: dt.datetime) -> None:
    start = Period.WEEK.start(moment)
    assert (start.weekday(), start.time()) == (0, dt.time(0))


def test_a_period_outside_the_calendar_is_an_overflow() -> None:
    last = dt.datetime(9999, 12, 27, tzinfo=dt.UTC)
    for period in Period:
        with pytest.raises(OverflowError):
            period.later(period.start(last), 10**6)
