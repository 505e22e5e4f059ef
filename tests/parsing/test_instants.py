"""Values are parsed strictly: what a format does not say is wrong, and nothing is guessed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_digital.date_formats import check_format
from local_digital.parsing import instants

LONDON = ZoneInfo("Europe/London")
FORMAT = "%d/%m/%Y %H:%M"
# Arrow knows the clock changes up to here; a later report is after the export, and quarantined for that.
FIRST, LAST = (dt.datetime.fromisoformat(day) for day in ("2000-01-01", "2037-12-31"))


def parsed(*texts: str, formats: tuple[str, ...] = (FORMAT,)) -> tuple[list[dt.datetime | None], list[bool]]:
    found = instants.parse(pa.chunked_array([list(texts)], pa.string()), formats, "Europe/London")
    return found.utc.to_pylist(), list(found.wrong)


@given(st.datetimes(FIRST, LAST, timezones=st.just(dt.UTC)))
def test_every_moment_written_as_local_time_is_read_back(moment: dt.datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    local = moment.astimezone(LONDON)
    (read,), (wrong,) = parsed(local.strftime(FORMAT))
    assert not wrong
    assert read is not None
    # The second showing of an autumn hour reads as the first: the same local time, an hour earlier.
    assert moment - read == (dt.timedelta(hours=1) if local.fold else dt.timedelta(0))


@given(st.integers(0, 40), st.integers(0, 14), st.integers(1990, LAST.year - 1), st.integers(0, 30), st.integers(0, 70))
def test_a_date_is_right_exactly_when_the_calendar_has_it(
    day: int, month: int, year: int, hour: int, minute: int
) -> None:
    (read,), (wrong,) = parsed(f"{day:02}/{month:02}/{year} {hour:02}:{minute:02}")
    try:
        local = dt.datetime(year, month, day, hour, minute, tzinfo=LONDON)
    except ValueError:
        assert wrong
        assert read is None
        return
    existed = local.astimezone(dt.UTC).astimezone(LONDON).replace(tzinfo=None) == local.replace(tzinfo=None)
    assert wrong is not existed
    assert read == (local.astimezone(dt.UTC) if existed else None)


@pytest.mark.parametrize(
    "text",
    ["2026-01-02 10:00", "1/2/26 10:00", "01/02/2026", "01/02/2026 10:00x", "x01/02/2026 10:00", "01.02.2026 10:00"],
)
def test_another_form_is_wrong(text: str) -> None:
    assert parsed(text) == ([None], [True])


def test_blank_is_no_date_and_not_wrong() -> None:
    assert parsed("") == ([None], [False])


def test_formats_are_tried_in_order() -> None:
    found, wrong = parsed("03/04/2026 10:00", "2026-04-03", formats=(FORMAT, "%Y-%m-%d"))
    assert [moment and moment.date() for moment in found] == [dt.date(2026, 4, 3), dt.date(2026, 4, 2)]
    assert wrong == [False, False]


def one(text: str, *formats: str, zone: str = "Europe/London", ignore_offset: bool = False) -> str | None:
    found = instants.parse(pa.chunked_array([[text]], pa.string()), formats, zone, ignore_offset=ignore_offset)
    (moment,) = found.utc.to_pylist()
    return None if moment is None else moment.isoformat()


@pytest.mark.parametrize(
    ("text", "pattern", "moment"),
    [
        ("07/04/2025 02:15:00 PM", "%m/%d/%Y %I:%M:%S %p", "2025-07-04T13:15:00"),
        ("7/4/2025 12:05:00 AM", "%m/%d/%Y %I:%M:%S %p", "2025-07-03T23:05:00"),
        ("2025-07-04T02:15:00Z", "iso", "2025-07-04T02:15:00"),
        ("2025-07-04T02:15:00+05:30", "iso", "2025-07-03T20:45:00"),
        ("2025-07-04 02:15:00-0400", "iso", "2025-07-04T06:15:00"),
        ("2025-07-04T02:15:00.1234567", "iso", "2025-07-04T01:15:00.123456"),
        ("2025-01-04T02:15", "iso", "2025-01-04T02:15:00"),
        ("2025-07-04", "iso", "2025-07-03T23:00:00"),
        ("2022-09-15T23:00:00Z", "iso", "2022-09-15T23:00:00"),
        ("4 Jul 2025", "%d %b %Y", "2025-07-03T23:00:00"),
        ("Friday, 4 July 2025 02:15", "%A, %d %B %Y %H:%M", "2025-07-04T01:15:00"),
        ("4 Sept. 2025", "%d %b %Y", "2025-09-03T23:00:00"),
        ("04-07-25", "%d-%m-%y", "2025-07-03T23:00:00"),
        ("2025 Q3", "%Y Q%q", "2025-06-30T23:00:00"),
        ("2025-W01", "%G-W%V", "2024-12-30T00:00:00"),
        ("2020-W53", "%G-W%V", "2020-12-28T00:00:00"),
        ("2024366", "%Y%j", "2024-12-31T00:00:00"),
        ("20250704021559", "%Y%m%d%H%M%S", "2025-07-04T01:15:59"),
        ("03/2014", "%m/%Y", "2014-03-01T00:00:00"),
        ("1751595300", "epoch", "2025-07-04T02:15:00"),
        ("1751595300250", "epoch-ms", "2025-07-04T02:15:00.250000"),
        ("2025/07/04 02:15:00+00", "%Y/%m/%d %H:%M:%S%z", "2025-07-04T02:15:00"),
        ("1st July 2025", "%d %B %Y", "2025-06-30T23:00:00"),
        ("Jul  4 2025  2:15PM", "%b %d %Y %I:%M%p", "2025-07-04T13:15:00"),
        ("04-JUL-25 02.15.00.000000 AM", "%d-%b-%y %I.%M.%S.%f %p", "2025-07-04T01:15:00"),
        ("04/07/2025\u00a002:15", "%d/%m/%Y %H:%M", "2025-07-04T01:15:00"),
        ("45842.09375", "excel", "2025-07-04T01:15:00"),
    ],
)
def test_every_shape_seen_in_real_exports_is_read(text: str, pattern: str, moment: str) -> None:
    check_format(pattern)
    assert one(text, pattern) == f"{moment}+00:00"


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("13/04/2025 02:15:00 PM", "%m/%d/%Y %I:%M:%S %p"),
        ("07/04/2025 14:15:00 PM", "%m/%d/%Y %I:%M:%S %p"),
        ("07/04/2025 00:15:00 AM", "%m/%d/%Y %I:%M:%S %p"),
        ("2025-02-29", "iso"),
        ("2025-07-04T24:00:00", "iso"),
        ("2025-07-04T02:60:00", "iso"),
        ("0000-01-01", "iso"),
        ("2025 Q5", "%Y Q%q"),
        ("2025-W53", "%G-W%V"),
        ("2025366", "%Y%j"),
        ("4 Foo 2025", "%d %b %Y"),
        ("2025-03-30T01:30:00", "iso"),
        ("99999999999999", "epoch"),
        ("NaN", "excel"),
    ],
)
def test_what_is_on_no_calendar_is_wrong(text: str, pattern: str) -> None:
    found = instants.parse(pa.chunked_array([[text]], pa.string()), [pattern], "Europe/London")
    assert (found.utc.to_pylist(), list(found.wrong)) == ([None], [True])


def test_zone_of_a_column_and_a_false_offset_are_facts_of_the_council_s_file() -> None:
    assert one("2025-07-04T02:15:00", "iso", zone="UTC") == "2025-07-04T02:15:00+00:00"
    assert one("2025-07-04T02:15:00Z", "iso", ignore_offset=True) == "2025-07-04T01:15:00+00:00"
    assert one("07/04/2025 02:15:00 PM", "%m/%d/%Y %I:%M:%S %p", zone="America/Chicago") == "2025-07-04T19:15:00+00:00"


@given(st.datetimes(FIRST, LAST, timezones=st.timezones()))
def test_every_moment_with_its_offset_is_read_back(moment: dt.datetime) -> None:
    offset = moment.utcoffset()
    assert offset is not None
    if offset.total_seconds() % 60:
        return
    read = one(moment.isoformat(), "iso")
    assert read == moment.astimezone(dt.UTC).isoformat()


@pytest.mark.parametrize("pattern", ["%d/%m", "%H:%M", "day", "%d/%m/%Y %d", "%x", "%Y"])
def test_format_that_settles_no_day_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="a date format"):
        check_format(pattern)


def test_closing_that_names_only_the_day_of_the_report_came_after_it() -> None:
    texts = [["04/11/2025", "04/11/2025", "03/11/2025"], ["04/11/2025 10:15", "03/11/2025 10:15", "04/11/2025 10:15"]]
    closed = instants.parse(pa.chunked_array([texts[0]]), ["%d/%m/%Y"], "Europe/London")
    reported = instants.parse(pa.chunked_array([texts[1]]), [FORMAT], "Europe/London")
    moved = instants.not_before(closed.utc, reported.utc, "Europe/London").to_pylist()
    assert [moment.isoformat() for moment in moved] == [
        "2025-11-04T10:15:00+00:00", "2025-11-04T00:00:00+00:00", "2025-11-03T00:00:00+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("-99999999999", "epoch"),
        ("-99999999999999", "epoch-ms"),
        ("-800000", "excel"),
        ("0001-01-01T00:00:00Z", "iso"),
        ("0001-01-01T00:00:00+14:00", "iso"),
        ("9999-12-31T23:59:59-05:00", "iso"),
        ("2025-07-04T02:15:00+99:99", "iso"),
    ],
)
def test_moment_outside_the_years_1_to_9999_is_wrong_and_no_fault(text: str, pattern: str) -> None:
    assert parsed(text, "1751595300", formats=(pattern, "epoch"))[1] == [True, False]


@pytest.mark.parametrize(
    ("text", "pattern", "moment"),
    [("-2208988800", "epoch", "1900-01-01T00:00:00"), ("9999-12-31T23:59:59Z", "iso", "9999-12-31T23:59:59")],
)
def test_moment_long_ago_or_far_ahead_is_on_the_calendar(text: str, pattern: str, moment: str) -> None:
    assert one(text, pattern) == f"{moment}+00:00"


@pytest.mark.parametrize(
    ("text", "pattern", "moment"),
    [
        # Forms of ISO 8601.
        ("2025-01-04t02:15:09z", "iso", "2025-01-04T02:15:09"),
        ("2025-01-04 02:15:09,5", "iso", "2025-01-04T02:15:09.500000"),
        ("2025-01-04 02:15 +01", "iso", "2025-01-04T01:15:00"),
        ("2025-01-04T23:59:59.999999999", "iso", "2025-01-04T23:59:59.999999"),
        ("2025-01-04T02:15:00-0130", "iso", "2025-01-04T03:45:00"),
        ("2025-01-04T02:15:00+23:59", "iso", "2025-01-03T02:16:00"),
        # Two digits of a year are of the last century from 69 on.
        ("01/02/68", "%d/%m/%y", "2068-02-01T00:00:00"),
        ("01/02/00", "%d/%m/%y", "2000-02-01T00:00:00"),
        ("01/01/69", "%d/%m/%y", "1968-12-31T23:00:00"),
        ("01/01/99", "%d/%m/%y", "1999-01-01T00:00:00"),
        # The twelve hours of a clock face.
        ("04/01/2025 12:00 AM", "%d/%m/%Y %I:%M %p", "2025-01-04T00:00:00"),
        ("04/01/2025 12:59 p.m.", "%d/%m/%Y %I:%M %p", "2025-01-04T12:59:00"),
        ("04/01/2025 1:00 pm", "%d/%m/%Y %I:%M %p", "2025-01-04T13:00:00"),
        ("04/01/2025 11:00 A.M.", "%d/%m/%Y %I:%M %p", "2025-01-04T11:00:00"),
        ("04/01/2025 12:30", "%d/%m/%Y %I:%M", "2025-01-04T00:30:00"),
        # Quarters, weeks and days of the year.
        ("2025 Q1", "%Y Q%q", "2025-01-01T00:00:00"),
        ("2025 Q2", "%Y Q%q", "2025-03-31T23:00:00"),
        ("2025 Q4", "%Y Q%q", "2025-09-30T23:00:00"),
        ("2026-W01", "%G-W%V", "2025-12-29T00:00:00"),
        ("2021-W1", "%G-W%V", "2021-01-04T00:00:00"),
        ("2016-W52", "%G-W%V", "2016-12-26T00:00:00"),
        ("2025 1", "%Y %j", "2025-01-01T00:00:00"),
        ("2025365", "%Y%j", "2025-12-31T00:00:00"),
        ("2024060", "%Y%j", "2024-02-29T00:00:00"),
        # Offsets of other formats, and fractions.
        ("04/01/2025 02:15 +0530", "%d/%m/%Y %H:%M %z", "2025-01-03T20:45:00"),
        ("04/01/2025 02:15Z", "%d/%m/%Y %H:%M%z", "2025-01-04T02:15:00"),
        ("04/01/2025 02:15:01.5", "%d/%m/%Y %H:%M:%S.%f", "2025-01-04T02:15:01.500000"),
        # Characters that stand for themselves, ordinals and uneven spaces.
        ("100% 04/01/2025", "100%% %d/%m/%Y", "2025-01-04T00:00:00"),
        ("(04.01.2025)", "(%d.%m.%Y)", "2025-01-04T00:00:00"),
        ("2nd Jan 2025", "%d %b %Y", "2025-01-02T00:00:00"),
        ("3rd Jan. 2025", "%d %b %Y", "2025-01-03T00:00:00"),
        ("4th\tJan\u202f2025", "%d %b %Y", "2025-01-04T00:00:00"),
        ("4/1/2025", "%d/%m/%Y", "2025-01-04T00:00:00"),
        ("04/01/2025", "%d/%m/%Y", "2025-01-04T00:00:00"),
        ("29/02/2024", "%d/%m/%Y", "2024-02-29T00:00:00"),
        ("31/12/2025 23:59:59", "%d/%m/%Y %H:%M:%S", "2025-12-31T23:59:59"),
        ("04/01/2025 02", "%d/%m/%Y %H", "2025-01-04T02:00:00"),
        ("01/01/0002", "%d/%m/%Y", "0002-01-01T00:01:15"),
        # Numbers.
        ("0", "epoch", "1970-01-01T00:00:00"),
        ("-1", "epoch", "1969-12-31T23:59:59"),
        ("0.25", "epoch", "1970-01-01T00:00:00.250000"),
        ("1500", "epoch-ms", "1970-01-01T00:00:01.500000"),
        ("1", "excel", "1899-12-31T00:00:00"),
        ("45842", "excel", "2025-07-03T23:00:00"),
        ("45661.5000001", "excel", "2025-01-04T12:00:00"),
    ],
)  # fmt: skip
def test_every_code_and_form_means_what_it_says(text: str, pattern: str, moment: str) -> None:
    assert one(text, pattern) == f"{moment}+00:00"


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2025-01-04T02", "iso"), ("2025-1-4", "iso"), ("2025-01-04T02:15:60", "iso"), ("2025-01-04 02:15:00+1", "iso"),
        ("2025-13-01", "iso"), ("2025-00-01", "iso"), ("2025-01-00", "iso"), ("2025-04-31", "iso"),
        ("00/01/2025", "%d/%m/%Y"), ("32/01/2025", "%d/%m/%Y"), ("31/04/2025", "%d/%m/%Y"), ("29/02/2025", "%d/%m/%Y"),
        ("01/00/2025", "%d/%m/%Y"), ("01/13/2025", "%d/%m/%Y"), ("01/01/0000", "%d/%m/%Y"), ("01/01/0001", "%d/%m/%Y"),
        ("04-01-2025", "%d/%m/%Y"), ("0a/01/2025", "%d/%m/%Y"), ("04/01/2025", "%d/%m/%Y %H"),
        ("04/01/2025 24:00:00", "%d/%m/%Y %H:%M:%S"), ("04/01/2025 00:60:00", "%d/%m/%Y %H:%M:%S"),
        ("04/01/2025 00:00:60", "%d/%m/%Y %H:%M:%S"), ("0/1/2025", "%d/%m/%Y"), ("1/0/2025", "%d/%m/%Y"),
        ("04/01/2025 13:00 PM", "%d/%m/%Y %I:%M %p"), ("04/01/2025 0:30", "%d/%m/%Y %I:%M"),
        ("2025 0", "%Y %j"), ("2025 366", "%Y %j"), ("2024 367", "%Y %j"), ("2025-W0", "%G-W%V"),
        ("2021-W53", "%G-W%V"),
        ("2025 Q0", "%Y Q%q"), ("4 Jan 2025", "%d.%b.%Y"), ("4xJan", "%d.%b"), ("100%%", "100%% %d/%m/%Y"),
        ("04/01/2025 02:15 +24:00", "%d/%m/%Y %H:%M %z"), ("1.5.2", "epoch"), ("1e9", "epoch"), ("", "nothing"),
        ("123456789012345", "epoch"), ("--1", "epoch"), ("04(01)2025", "%d(%m.%Y"),
    ],
)  # fmt: skip
def test_what_a_code_or_form_does_not_say_is_wrong(text: str, pattern: str) -> None:
    found = instants.parse(pa.chunked_array([[text, ""]], pa.string()), [pattern], "Europe/London")
    assert (found.utc.to_pylist(), list(found.wrong)) == ([None, None], [bool(text), False])


@pytest.mark.parametrize("month", range(1, 13))
@pytest.mark.parametrize("pattern", ["%b", "%B"])
def test_months_are_known_by_their_english_names(month: int, pattern: str) -> None:
    day = dt.datetime(2025, month, 9, 12, tzinfo=LONDON)
    for name in (day.strftime(pattern), day.strftime(pattern).upper()):
        assert one(f"9 {name} 2025 12", f"%d {pattern} %Y %H") == day.astimezone(dt.UTC).isoformat()


@pytest.mark.parametrize(
    ("pattern", "cells", "days"),
    [
        ("iso", ["2025-01-04", "2025-01-04T00:00", "x", ""], [True, False, False, False]),
        ("%d/%m/%Y", ["04/01/2025", "31/02/2025", ""], [True, False, False]),
        ("%d/%m/%Y %H:%M", ["04/01/2025 00:00", ""], [False, False]),
        ("%d %b %Y", ["4 Jan 2025", "4 Foo 2025", ""], [True, False, False]),
        ("%d %b %Y %I %p", ["4 Jan 2025 12 am", ""], [False, False]),
        ("excel", ["45661", "45661.5", "x"], [True, False, False]),
        ("epoch", ["86400", "1"], [False, False]),
    ],
)  # fmt: skip
def test_cells_that_name_a_day_and_no_time_are_told(pattern: str, cells: list[str], days: list[bool]) -> None:
    found = instants.parse(pa.chunked_array([cells], pa.string()), [pattern], "UTC")
    assert list(found.days) == days


def test_blank_cells_and_pieces_shift_no_time() -> None:
    cells = pa.chunked_array([["", "04/01/2025"], [], ["05/01/2025", "", "6/1/2025"]], pa.string())
    found = instants.parse(cells.slice(1), ["%d/%m/%Y"], "UTC")
    assert [moment and moment.day for moment in found.utc.to_pylist()] == [4, 5, None, 6]
    assert found.utc.type == instants.INSTANT
    assert not found.wrong.any()
    even = instants.parse(cells.slice(0, 4), ["%d/%m/%Y"], "UTC").utc.to_pylist()
    assert [moment and moment.day for moment in even] == [None, 4, 5, None]


def test_first_format_that_fits_counts_and_brings_its_own_offset() -> None:
    cells = pa.chunked_array([["2025-07-04T02:15:00Z", "04/07/2025 02:15", "1751595300", "2025-07-04"]], pa.string())
    patterns = ["iso", FORMAT, "epoch", "%Y-%m-%d"]
    found = instants.parse(cells, patterns, "Europe/London")
    assert [f"{moment:%d %H:%M}" for moment in found.utc.to_pylist()] == [
        "04 02:15",
        "04 01:15",
        "04 02:15",
        "03 23:00",
    ]
    local = instants.parse(cells, patterns, "Europe/London", ignore_offset=True)
    assert [f"{moment:%d %H:%M}" for moment in local.utc.to_pylist()] == [
        "04 01:15",
        "04 01:15",
        "04 02:15",
        "03 23:00",
    ]
    assert list(found.days) == [False, False, False, True]


@pytest.mark.parametrize(
    ("closed", "reported", "read"),
    [
        # The clocks showed 01:30 twice on this day: at 00:30 and at 01:30 UTC.
        ("2025-10-26T00:30", "2025-10-26T01:10", "2025-10-26T01:30"),
        ("2025-10-26T00:30", "2025-10-26T00:30", "2025-10-26T00:30"),
        ("2025-10-26T00:30", "2025-10-26T00:10", "2025-10-26T00:30"),
        ("2025-10-26T00:30", None, "2025-10-26T00:30"),
        (None, "2025-10-26T01:10", None),
        ("2025-10-25T00:30", "2025-10-26T01:10", "2025-10-25T00:30"),
    ],
)
def test_closing_in_the_hour_that_came_twice_is_not_before_the_report(
    closed: str | None, reported: str | None, read: str | None
) -> None:
    def column(text: str | None) -> pa.ChunkedArray:
        moment = None if text is None else dt.datetime.fromisoformat(f"{text}Z")
        return pa.chunked_array([[moment]], instants.INSTANT)

    found = instants.second_reading(column(closed), column(reported), "Europe/London")
    assert found.equals(column(read))
