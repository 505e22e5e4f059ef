"""A schedule is one that Airflow can follow, or is refused where it is read."""

from __future__ import annotations

import datetime as dt

import pytest
from airflow.sdk import CronTriggerTimetable
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from local_digital.config.schedules import check_schedule

NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "schedule",
    [
        "20 5 * * *",
        "*/15 5-7 * * mon-fri",
        "0 5 1,15 * *",
        "0 5 31 1,3 *",
        "0 5 29 2 *",
        "0 5 31 2 mon",
        "5/20 * * JAN-mar 7",
        "@daily",
    ],
)
def test_what_cron_knows_is_taken(schedule: str) -> None:
    assert check_schedule(schedule) == schedule


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "x",
        "5",
        "* * * *",
        "* * * * * *",
        "60 5 * * *",
        "0 24 * * *",
        "0 5 0 * *",
        "0 5 32 * *",
        "0 5 * 13 *",
        "0 5 * * 8",
        "*/0 * * * *",
        "*/99 5 * * *",
        "0 5 31 2 *",
        "0 5 31 4,6,9,11 *",
        "0 5 30,31 2 *",
        "5-1 5 * * *",
        "0 5 * * fri-mon",
        "@reboot",
        "@every 5m",
        "H H * * *",
        "0 5 ? * *",
        "0,,1 5 * * *",
        "- 5 * * *",
        "٣ 5 * * *",
        "0 5 * * *; rm",
        "0x1 5 * * *",
        "0 5 * * $(id)",
        "1e1 5 * * *",
    ],
)
def test_what_is_none_or_never_comes_is_refused(schedule: str) -> None:
    with pytest.raises(ValueError, match=r"five fields|a day that"):
        check_schedule(schedule)


_part = st.sampled_from(
    [
        "*",
        "0",
        "5",
        "31",
        "29",
        "30",
        "2",
        "4",
        "7",
        "12",
        "mon",
        "fri",
        "feb",
        "1-5",
        "3-1",
        "*/5",
        "*/0",
        "2/3",
        "L",
        "?",
        "#1",
        "-",
    ]
)
_field = st.lists(_part, min_size=1, max_size=3).map(",".join)


@given(st.lists(_field, min_size=4, max_size=6).map(" ".join) | st.text("0123456789*,-/ LW#?@montue", max_size=20))
def test_whatever_is_taken_has_a_next_time(schedule: str) -> None:
    try:
        check_schedule(schedule)
    except ValueError:
        return
    CronTriggerTimetable(schedule, timezone="Europe/London").validate()
    assert croniter(schedule, NOON).get_next(dt.datetime) > NOON
