"""The reading side: stretches of time, groups, collected values, and the shapes that a dashboard draws."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from demo.platform.periods import Period
from tests.demo.platform.client import Client, weekly

WEEKS = ("2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16")


def midnight(day: str) -> str:
    return f"{day}T00:00:00+00:00"


def week(day: str, **rest: Any) -> dict[str, Any]:
    """A period of an answer that starts on this Monday."""
    end = dt.date.fromisoformat(day) + dt.timedelta(weeks=1)
    return {"_start_at": midnight(day), "_end_at": midnight(end.isoformat()), **rest}


def count_of(records: list[dict[str, Any]]) -> list[int]:
    return [record["count"] for record in records]


@pytest.fixture
def two_weeks(channels: Client) -> Client:
    """Phone in both of two weeks, Digital in the second only."""
    channels.store(
        weekly("2026-11-09", "Phone", 110),
        weekly("2026-11-02", "Phone", 120),
        weekly("2026-11-09", "Digital", 43),
    )
    return channels


BOTH_WEEKS = {"start_at": midnight("2026-11-02"), "end_at": midnight("2026-11-16")}
THREE_WEEKS = {**BOTH_WEEKS, "end_at": midnight("2026-11-23")}
BY_CHANNEL = {"period": "week", "group_by": "channel", "collect": "count:sum"}


# Raw reads


def test_a_raw_read_returns_every_record_in_time_order(two_weeks: Client) -> None:
    assert [record["_id"] for record in two_weeks.read()] == [
        "2026-11-02.week.Phone",
        "2026-11-09.week.Digital",
        "2026-11-09.week.Phone",
    ]


def test_an_empty_data_set_answers_with_an_empty_list(channels: Client) -> None:
    assert channels.read() == []
    assert channels.read(**BY_CHANNEL) == []
    assert channels.read(**BY_CHANNEL, duration="9", flatten="true") == []


@pytest.mark.parametrize(
    ("start_at", "end_at", "found"),
    [
        ("2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z", [120]),
        ("2026-11-02T00:00:01Z", "2026-11-09T00:00:01Z", [43, 110]),
        ("2026-11-02T01:00:00+01:00", "2026-11-09T01:00:00+0100", [120]),
        ("2026-11-01T19:00:00-05:00", "2026-11-02T00:00:01Z", [120]),
    ],
)
def test_a_stretch_of_time_is_half_open_and_may_name_an_offset(
    two_weeks: Client, start_at: str, end_at: str, found: list[int]
) -> None:
    assert count_of(two_weeks.read(start_at=start_at, end_at=end_at)) == found


def test_filters_compare_as_text_and_all_must_hold(wards: Client) -> None:
    stamp = {"_timestamp": midnight("2026-11-09")}
    wards.store(
        {"_id": "a", "ward": "Blythe", "missed_bins": 29, "open": True, "rate": 5.0, **stamp},
        {"_id": "b", "ward": "Blythe", "missed_bins": 290, "open": False, "rate": 5, **stamp},
        {"_id": "c", "missed_bins": 29, "note": None, "url": "a:b", **stamp},
    )

    def found(*filters: str) -> list[str]:
        return [record["_id"] for record in wards.read(*(("filter_by", each) for each in filters))]

    assert found("ward:Blythe") == ["a", "b"]
    assert found("ward:blythe") == []
    assert found("missed_bins:29") == ["a", "c"]
    assert found("open:true") == ["a"]
    assert found("rate:5") == ["b"]
    assert found("url:a:b") == ["c"]
    assert found("note:null") == []
    assert found("ward:Blythe", "missed_bins:29") == ["a"]
    assert found("ward:Blythe", "ward:Bickenhill") == []
    assert found("_id:b' or '1'='1") == []


def test_a_raw_read_is_sorted_as_text_and_limited(wards: Client) -> None:
    wards.store(
        *({"_id": f"{n}", "_timestamp": midnight("2026-11-09"), "missed_bins": n} for n in (9, 10, 100)),
        {"_id": "none", "_timestamp": midnight("2026-11-09")},
    )
    ascending = [record["_id"] for record in wards.read(sort_by="missed_bins:ascending")]
    assert ascending == ["10", "100", "9", "none"]
    descending = [record["_id"] for record in wards.read(sort_by="missed_bins:descending")]
    assert descending == ["none", "9", "100", "10"]
    assert [record["_id"] for record in wards.read(sort_by="missed_bins:ascending", limit="2")] == ["10", "100"]
    assert len(wards.read(limit="0")) == 4


# Periods


def test_periods_without_a_group_are_listed_in_time_order(two_weeks: Client) -> None:
    assert two_weeks.read(period="week", collect="count:sum") == [
        week("2026-11-02", _count=1, **{"count:sum": 120}),
        week("2026-11-09", _count=2, **{"count:sum": 153}),
    ]


def test_a_period_without_records_is_filled_in_only_inside_given_bounds(channels: Client) -> None:
    channels.store(weekly("2026-11-02", "Phone", 120), weekly("2026-11-16", "Phone", 90))
    gap = week("2026-11-09", _count=0, **{"count:sum": None})
    assert gap not in channels.read(period="week", collect="count:sum")
    bounded = channels.read(period="week", collect="count:sum", **THREE_WEEKS)
    assert [each["_count"] for each in bounded] == [1, 0, 1]
    assert bounded[1] == gap


@pytest.mark.parametrize(
    ("period", "bounds"),
    [
        ("hour", ("2026-11-11T13:00:00+00:00", "2026-11-11T14:00:00+00:00")),
        ("day", ("2026-11-11T00:00:00+00:00", "2026-11-12T00:00:00+00:00")),
        ("week", ("2026-11-09T00:00:00+00:00", "2026-11-16T00:00:00+00:00")),
        ("month", ("2026-11-01T00:00:00+00:00", "2026-12-01T00:00:00+00:00")),
        ("quarter", ("2026-10-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00")),
        ("year", ("2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00")),
    ],
)
def test_every_kind_of_period_has_its_bounds(wards: Client, period: str, bounds: tuple[str, str]) -> None:
    wards.store({"_id": "a", "_timestamp": "2026-11-11T13:45:00Z"})
    assert wards.read(period=period) == [{"_start_at": bounds[0], "_end_at": bounds[1], "_count": 1}]


def test_a_summer_midnight_with_its_offset_falls_in_the_week_before(channels: Client) -> None:
    record = weekly("2026-06-29", "Phone", 1) | {"_timestamp": "2026-06-29T00:00:00+01:00"}
    channels.store(record)
    assert [each["_start_at"] for each in channels.read(period="week")] == [midnight("2026-06-22")]


def test_bounds_inside_a_week_give_part_of_it_under_the_whole_weeks_label(two_weeks: Client) -> None:
    part = two_weeks.read(period="week", start_at=midnight("2026-11-04"), end_at=midnight("2026-11-10"))
    assert part == [week("2026-11-02", _count=0), week("2026-11-09", _count=2)]


# Duration


def test_a_duration_counts_whole_periods_forward_from_a_start_or_back_from_an_end(channels: Client) -> None:
    channels.store(*(weekly(monday, "Phone", 1) for monday in WEEKS))
    forward = channels.read(period="week", duration="2", start_at=midnight("2026-10-28"))
    assert [each["_start_at"] for each in forward] == [midnight("2026-10-26"), midnight("2026-11-02")]
    back = channels.read(period="week", duration="2", end_at=midnight("2026-11-18"))
    assert [each["_start_at"] for each in back] == [midnight("2026-11-02"), midnight("2026-11-09")]


def test_a_duration_alone_counts_back_from_the_start_of_this_period(channels: Client) -> None:
    this_week = Period.WEEK.start(dt.datetime.now(dt.UTC))
    mondays = [(this_week - dt.timedelta(weeks=ago)).date().isoformat() for ago in range(11)]
    channels.store(*(weekly(monday, "Phone", 1) for monday in mondays))
    ((group),) = channels.read(**BY_CHANNEL, duration="9")
    # Nine whole weeks; one more has passed if the test ran over a Sunday midnight.
    started_at = [each["_start_at"] for each in group["values"]]
    assert len(started_at) == 9
    assert started_at[0] in {midnight(mondays[9]), midnight(mondays[8])}


def test_a_duration_that_ends_empty_slides_to_where_the_data_are(channels: Client) -> None:
    channels.store(weekly("2026-10-26", "Phone", 3), weekly("2026-11-02", "Digital", 2))
    (digital, phone) = channels.read(**BY_CHANNEL, duration="3", end_at=midnight("2026-11-16"))
    assert [each["_start_at"] for each in phone["values"]] == [
        midnight(monday) for monday in ("2026-10-19", *WEEKS[:2])
    ]
    assert (phone["count:sum"], digital["count:sum"]) == (3, 2)
    forward = channels.read(**BY_CHANNEL, duration="2", start_at=midnight("2026-10-19"), flatten="true")
    assert [(row["_start_at"], row["channel"], row["count:sum"]) for row in forward if row["_count"]] == [
        (midnight("2026-10-26"), "Phone", 3),
        (midnight("2026-11-02"), "Digital", 2),
    ]


def test_a_duration_without_any_record_stays_where_it_is(channels: Client) -> None:
    assert channels.read(period="week", duration="1", end_at=midnight("2026-11-16")) == [week("2026-11-09", _count=0)]


# Groups


def test_groups_without_a_period_are_one_row_each(two_weeks: Client) -> None:
    assert two_weeks.read(("collect", "count:sum"), ("collect", "count:mean"), group_by="channel") == [
        {"channel": "Digital", "_count": 1, "count:sum": 43, "count:mean": 43.0},
        {"channel": "Phone", "_count": 2, "count:sum": 230, "count:mean": 115.0},
    ]


def test_groups_by_period_nest_the_periods(two_weeks: Client) -> None:
    second = week("2026-11-09", _count=1, **{"count:sum": 43})
    expected = {"channel": "Digital", "_count": 1, "_group_count": 1, "count:sum": 43, "values": [second]}
    digital, phone = two_weeks.read(**BY_CHANNEL)
    assert digital == expected
    assert (phone["_count"], phone["_group_count"], phone["count:sum"], len(phone["values"])) == (2, 2, 230, 2)


def test_groups_by_period_within_bounds_hold_every_period(two_weeks: Client) -> None:
    digital, _ = two_weeks.read(**BY_CHANNEL, **BOTH_WEEKS)
    empty = week("2026-11-02", _count=0, **{"count:sum": None})
    assert digital["values"] == [empty, week("2026-11-09", _count=1, **{"count:sum": 43})]
    assert (digital["_count"], digital["_group_count"]) == (1, 1)


def test_flattened_groups_are_rows_with_every_combination_within_bounds(two_weeks: Client) -> None:
    rows = [
        ("2026-11-02", "Digital", 0, None),
        ("2026-11-02", "Phone", 1, 120),
        ("2026-11-09", "Digital", 1, 43),
        ("2026-11-09", "Phone", 1, 110),
    ]
    assert two_weeks.read(**BY_CHANNEL, **BOTH_WEEKS, flatten="true") == [
        week(day, channel=channel, _count=count, **{"count:sum": total}) for day, channel, count, total in rows
    ]
    unbounded = two_weeks.read(**BY_CHANNEL, flatten="true")
    assert [(row["_start_at"][:10], row["channel"]) for row in unbounded] == [
        (day, group) for day, group, *_ in rows[1:]
    ]


def test_flattening_groups_without_a_period_changes_nothing(two_weeks: Client) -> None:
    assert two_weeks.read(group_by="channel", flatten="true") == two_weeks.read(group_by="channel")


def test_several_group_fields_make_one_level(wards: Client) -> None:
    stamp = {"_timestamp": midnight("2026-11-09")}
    wards.store(
        {"_id": "a", "ward": "Blythe", "bin": "food", **stamp},
        {"_id": "b", "ward": "Blythe", "bin": "garden", **stamp},
        {"_id": "c", "ward": "Olton", "bin": "food", **stamp},
        {"_id": "d", "ward": "Olton", **stamp},
    )
    groups = (("group_by", "ward"), ("group_by", "bin"))
    assert wards.read(*groups) == [
        {"ward": "Blythe", "bin": "food", "_count": 1},
        {"ward": "Blythe", "bin": "garden", "_count": 1},
        {"ward": "Olton", "bin": "food", "_count": 1},
    ]
    nested = wards.read(*groups, period="week")
    assert [each["values"] for each in nested] == [[week("2026-11-09", _count=1)]] * 3
    flat = wards.read(
        *groups, period="week", flatten="true", start_at=midnight("2026-11-09"), end_at=midnight("2026-11-16")
    )
    assert [(row["ward"], row["bin"], row["_count"]) for row in flat][-1] == ("Olton", "garden", 0)


def test_groups_are_sorted_and_limited(two_weeks: Client) -> None:
    def names(**how: str) -> list[str]:
        return [group["channel"] for group in two_weeks.read(**BY_CHANNEL, **how)]

    assert names(sort_by="_count:descending") == ["Phone", "Digital"]
    assert names(sort_by="_count:descending", limit="1") == ["Phone"]
    assert names(sort_by="channel:descending", flatten="true", **BOTH_WEEKS) == ["Phone", "Digital"] * 2


def test_the_ward_table_of_the_dashboard(wards: Client) -> None:
    for monday, ward, count in [("2026-11-02", "Olton", 7), ("2026-11-09", "Blythe", 29), ("2026-11-09", "Olton", 9)]:
        wards.store({"_id": monday + ward, "_timestamp": midnight(monday), "ward": ward, "missed_bins": count})
    rows = wards.read(
        period="week",
        duration="2",
        end_at=midnight("2026-11-16"),
        group_by="ward",
        collect="missed_bins:sum",
        sort_by="ward:ascending",
        flatten="true",
    )
    assert [(row["_start_at"][:10], row["ward"], row["missed_bins:sum"]) for row in rows] == [
        ("2026-11-02", "Blythe", None),
        ("2026-11-02", "Olton", 7),
        ("2026-11-09", "Blythe", 29),
        ("2026-11-09", "Olton", 9),
    ]


# Collected values


def test_a_collected_set_is_sorted_and_may_go_without_a_method(wards: Client) -> None:
    for number, ward in enumerate(["Olton", "Blythe", "Olton"]):
        wards.store({"_id": f"{number}", "_timestamp": midnight("2026-11-09"), "ward": ward})
    assert wards.read(period="week", collect="ward") == [
        week("2026-11-09", _count=3, **{"ward": ["Blythe", "Olton"], "ward:set": ["Blythe", "Olton"]})
    ]
    ((counted),) = wards.read(("collect", "ward:set"), ("collect", "ward:count"), period="week")
    assert counted == week("2026-11-09", _count=3, **{"ward:set": ["Blythe", "Olton"], "ward:count": 3})


@pytest.mark.parametrize("bad", [{"missed_bins": None}, {}, {"missed_bins": "9"}], ids=["null", "missing", "text"])
@pytest.mark.parametrize("method", ["sum", "mean"])
@pytest.mark.parametrize("shape", [{"group_by": "ward"}, {"period": "week"}, {"period": "week", "group_by": "ward"}])
def test_one_null_missing_or_text_value_fails_the_whole_read(
    wards: Client, bad: dict[str, Any], method: str, shape: dict[str, str]
) -> None:
    stamp = {"_timestamp": midnight("2026-11-09")}
    wards.store(
        {"_id": "a", "ward": "Blythe", "missed_bins": 29, **stamp},
        {"_id": "b", "ward": "Olton", **bad, **stamp},
    )
    assert wards.refusal(**shape, collect=f"missed_bins:{method}") == "invalid collect function"
    assert wards.read(**shape, collect="missed_bins:count")
    assert wards.read(**shape, collect=f"missed_bins:{method}", filter_by="ward:Blythe")


# Refused reads


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"wards": "all"}, "An unrecognised parameter was provided"),
        ({"period": "fortnight"}, "'period' must be one of ['hour', 'day', 'week', 'month', 'quarter', 'year']"),
        ({"start_at": "2026-11-02", "end_at": "2026-11-09"}, "start_at is not a valid datetime"),
        ({"start_at": midnight("2026-11-02"), "end_at": midnight("2026-13-09")}, "end_at is not a valid datetime"),
        ({"start_at": "2026-11-02T00:00:00", "end_at": midnight("2026-11-09")}, "start_at is not a valid datetime"),
        ({"start_at": "2026-11-02T00:00:00+24:00"}, "start_at is not a valid datetime"),
        ({"limit": "-3"}, "limit must be a positive integer"),
        ({"limit": "some"}, "limit must be a positive integer"),
        ({"period": "week", "duration": "0"}, "duration must be a positive integer"),
        ({"period": "year", "duration": "9999"}, "duration must be a positive integer"),
        ({"group_by": "_week_start_at"}, "Cannot group by internal fields, internal fields start with an underscore"),
        ({"group_by": "with-hyphen"}, "Cannot group by an invalid field name"),
        (
            {"group_by": "ward", "collect": "_id"},
            "Cannot collect internal fields, internal fields start with an underscore",
        ),
        ({"group_by": "ward", "collect": "x);drop"}, "Cannot collect an invalid field name"),
        ({"group_by": "ward", "collect": "ward:set"}, "Cannot collect by a field that is used for group_by"),
        ({"group_by": "ward", "collect": "count:infinity"}, "Unknown collection method"),
        ({"collect": "count:sum"}, "collect can be use only with either ['group_by', 'period']"),
        (
            {"filter_by": "ward"},
            "filter_by must be a field name and value separated by a colon (:) eg. authority:Westminster",
        ),
        ({"filter_by": "$where:1"}, "Cannot filter by an invalid field name"),
        ({"filter_by": "ward:\0"}, "Cannot filter by a value with a NUL"),
        (
            {"sort_by": "ward"},
            "sort_by must be a field name and sort direction separated by a colon (:) eg. authority:ascending",
        ),
        ({"sort_by": "ward:up"}, "Unrecognised sort direction. Supported directions include: ascending, descending"),
        ({"sort_by": "w-d:ascending"}, "Cannot sort by an invalid field name"),
        ({"group_by": "ward", "sort_by": "count:sum:ascending"}, "Cannot sort by an invalid field name"),
        (
            {"period": "week", "sort_by": "_count:ascending"},
            "Cannot sort for period queries without group_by. Period queries are always sorted by time.",
        ),
    ],
)
def test_a_read_that_makes_no_sense_is_refused_with_its_reason(
    channels: Client, parameters: dict[str, str], message: str
) -> None:
    assert channels.refusal(**parameters) == message


@pytest.mark.parametrize(
    "parameters",
    [
        {"start_at": midnight("2026-11-02")},
        {"end_at": midnight("2026-11-02")},
        {"duration": "2"},
        {"period": "week", "duration": "2", **BOTH_WEEKS},
    ],
)
def test_half_a_stretch_of_time_is_refused(channels: Client, parameters: dict[str, str]) -> None:
    assert "duration" in channels.refusal(**parameters)


def test_groups_cannot_be_sorted_by_what_they_do_not_have(two_weeks: Client) -> None:
    assert two_weeks.refusal(**BY_CHANNEL, sort_by="ward:ascending") == "Invalid sort key ward"


def test_a_period_beyond_the_calendar_is_a_fault_of_the_server_and_no_more(wards: Client) -> None:
    wards.store({"_id": "a", "_timestamp": "9999-12-31T00:00:00Z"})
    answer = wards.send("GET", params={"period": "year"})
    assert (answer.status_code, answer.json()["status"]) == (500, "error")
    assert len(wards.read()) == 1


# Caching, size


def test_a_read_may_be_kept_for_half_an_hour_unless_it_asks_for_none(channels: Client) -> None:
    assert channels.send("GET").headers["Cache-Control"] == "max-age=1800, must-revalidate"
    for header in ({"Cache-Control": "no-cache"}, {"Pragma": "no-cache"}):
        assert channels.send("GET", headers=header).headers["Cache-Control"] == "no-cache"


def test_five_thousand_records_are_read_back_and_summed_whole(wards: Client) -> None:
    start = dt.date(2026, 1, 5)
    records = [
        {
            "_id": f"{number}",
            "_timestamp": midnight((start + dt.timedelta(weeks=number % 50)).isoformat()),
            "ward": f"Ward {number % 17}",
            "missed_bins": number,
        }
        for number in range(5000)
    ]
    for first in range(0, 5000, 500):
        wards.store(*records[first : first + 500])
    assert len(wards.read()) == 5000
    groups = wards.read(period="week", group_by="ward", collect="missed_bins:sum")
    assert len(groups) == 17
    assert sum(group["missed_bins:sum"] for group in groups) == sum(range(5000))
    assert all(group["missed_bins:sum"] == sum(each["missed_bins:sum"] for each in group["values"]) for group in groups)
