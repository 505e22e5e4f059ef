"""Formats are told by evidence, which names the line; where there is none it says so and picks nothing silently."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from local_digital.profiling.cells import Cells
from local_digital.profiling.date_shapes import formats_of
from local_digital.profiling.dates import Dates, find_dates
from tests.profiling.conftest import Tried


def _dates(*cells: str, named_so: bool = True) -> Dates | None:
    encoded = pa.chunked_array([pa.array(cells, pa.string()).dictionary_encode()])
    return find_dates(Cells.of("Date", encoded), lambda row: f"line {row + 2}", named_so=named_so)


def _found(*cells: str) -> Dates:
    found = _dates(*cells)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("cell", "formats"),
    [
        ("2025-11-04", ("iso",)),
        ("2025-11-04T10:20:30.1234567Z", ("iso",)),
        ("2025-11-04 10:20:30+01:00", ("iso",)),
        ("04/11/2025", ("%d/%m/%Y", "%m/%d/%Y")),
        ("4/11/2025 9:05", ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M")),
        ("11/04/2025 09:05:00 PM", ("%d/%m/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M:%S %p")),
        ("04.11.25 09:05", ("%d.%m.%y %H:%M", "%m.%d.%y %H:%M")),
        ("04-Nov-2025 09:05", ("%d-%b-%Y %H:%M",)),
        ("4 November 2025", ("%d %B %Y",)),
        ("Nov 4, 2025 9:05 AM", ("%b %d, %Y %I:%M %p",)),
        ("Tue, 4 Nov 2025", ("%a, %d %b %Y",)),
        ("2025/11/04", ("%Y/%m/%d",)),
        ("2025-Q4", ("%Y-Q%q",)),
        ("2025-W45", ("%G-W%V",)),
        ("Nov 2025", ("%b %Y",)),
        ("20251104", ("%Y%m%d",)),
        ("20251104093000", ("%Y%m%d%H%M%S",)),
        ("1762248600", ("epoch",)),
        ("1762248600000", ("epoch-ms",)),
        ("45965.40", ("excel",)),
        ("2025/09/01 07:05:00+0100", ("%Y/%m/%d %H:%M:%S%z",)),
        ("01-SEP-25 07.05.00.000000 AM", ("%d-%b-%y %I.%M.%S.%f %p",)),
        ("01/09/2025 07.05 am", ("%d/%m/%Y %I.%M %p", "%m/%d/%Y %I.%M %p")),
        ("1st September 2025", ("%d %B %Y",)),
        ("01/09/2025\xa007:05", ("%d/%m/%Y\xa0%H:%M", "%m/%d/%Y\xa0%H:%M")),
        ("'01/09/2025 07:05", ("'%d/%m/%Y %H:%M", "'%m/%d/%Y %H:%M")),
        ("24/09/2025 at 12:01", ("%d/%m/%Y at %H:%M", "%m/%d/%Y at %H:%M")),
        ("12:01 24 Sep 2025", ("%H:%M %d %b %Y",)),
        ("Wed Sep 24 12:01:00 2025", ("%a %b %d %H:%M:%S %Y",)),
        ("24/09/2025 12:01:00:000", ("%d/%m/%Y %H:%M:%S:%f", "%m/%d/%Y %H:%M:%S:%f")),
        ("20250924T120100", ("%Y%m%dT%H%M%S",)),
        ("20250924 12:01:00", ("%Y%m%d %H:%M:%S",)),
        ("20250924 12:01", ("%Y%m%d %H:%M",)),
        ("Jo Smith", ()),
        ("12", ()),
        ("32/13/2025", ()),
    ],
)
def test_the_formats_that_a_cell_can_have(cell: str, formats: tuple[str, ...]) -> None:
    assert formats_of(cell, numbers=True) == formats


def test_day_first_is_proved_by_a_line() -> None:
    found = _found("01/02/2025", "03/04/2025", "27/05/2025")
    assert (found.formats, found.order) == (("%d/%m/%Y",), "day-first")
    assert "line 4 has 27 in the first place" in found.evidence[0]


def test_month_first_is_proved_by_a_line() -> None:
    found = _found("01/02/2025 01:00 PM", "03/14/2025 02:00 AM")
    assert (found.formats, found.order) == (("%m/%d/%Y %I:%M %p",), "month-first")
    assert "line 3 has 14 in the second place" in found.evidence[0]


def test_what_nothing_decides_is_said_to_be_undecided() -> None:
    found = _found("01/02/2025", "03/04/2025")
    assert (found.formats, found.order) == (("%d/%m/%Y",), "undecided")
    assert "no cell rules out" in found.evidence[0]


def test_both_orders_in_cells_of_one_shape_are_never_both_proposed() -> None:
    found = _found("27/01/2025", "28/01/2025", "01/29/2025")
    assert (found.formats, found.order, found.misfits) == (("%d/%m/%Y",), "mixed", 1)
    assert found.misfit_lines == ("line 4",)


def test_two_formats_are_proposed_the_more_frequent_first() -> None:
    found = _found("27/01/2025 10:00", "28/01/2025 11:00", "2025-01-29T10:00:00")
    assert found.formats == ("%d/%m/%Y %H:%M", "iso")


@pytest.mark.parametrize(
    "text", ["1900-01-01T00:00:00Z", "0001-01-01T00:00:00", "2050-01-01", "NULL", "-", "9999-12-31", "n/a"]
)
def test_spellings_of_no_date(text: str) -> None:
    found = _found("2025-01-02T10:00:00", "2025-01-03T10:00:00", text)
    assert found.no_date == {text: 1}
    assert (found.fits, found.misfits) == (2, 0)
    assert (found.first, found.last) == (dt.date(2025, 1, 2), dt.date(2025, 1, 3))


def test_other_texts_are_counted_and_never_named() -> None:
    found = _found("2025-01-02", "2025-01-03", "call Jo Smith")
    assert (found.misfits, found.no_date) == (1, {})
    assert "Jo" not in repr(found)


def test_local_midnights_written_as_utc_are_recognised() -> None:
    found = _found("2022-09-15T23:00:00Z", "2022-07-01T23:00:00Z", "2022-12-15T00:00:00Z")
    assert found.time_zone == "UTC"
    assert "23:00" in found.zone_hint
    assert found.last == dt.date(2022, 12, 15)
    assert found.first == dt.date(2022, 7, 2)


def test_offsets_are_counted() -> None:
    assert _found("2025-07-01T10:00:00+01:00", "2025-12-01T10:00:00Z", "2025-12-01T11:00:00").zones == {
        "+01:00": 1, "Z": 1, "none": 1,
    }  # fmt: skip


def test_times_in_the_hour_that_clocks_skip_cannot_be_local() -> None:
    assert "skip in spring" in _found("30/03/2025 01:30", "31/03/2025 09:00").zone_hint


def test_numbers_are_dates_only_where_the_name_says_so() -> None:
    assert _dates("20250101", "20250102", named_so=False) is None
    assert _dates("45000", "45001", named_so=False) is None


def test_time_in_a_column_of_its_own_is_found(try_out: Callable[[Sequence[Path]], Tried], tmp_path: Path) -> None:
    rows = [f"{number:05},{1 + number % 28:02}/03/2025,{number % 24:02}:15,Web" for number in range(200)]
    path = tmp_path / "bins.csv"
    path.write_text("\n".join(["Case Ref,Logged Date,Logged Time,Channel", *rows, ""]), "utf-8")
    tried = try_out([path])
    assert 'time_from: Logged Time, formats: ["%d/%m/%Y %H:%M", "%d/%m/%Y"]' in tried.draft
    moments = tried.candidates.table.column("reported_at").to_pylist()
    assert f"{moments[13]:%d %H:%M}" == "14 13:15"


@pytest.mark.parametrize(
    "cells",
    [
        ("2025/09/24 07:05:00+00", "2025/09/25 07:05:00+00"),
        ("24-SEP-25 07.05.00.000000 AM", "25-SEP-25 07.05.00.000000 PM"),
        ("24/09/2025 07.05 am", "25/09/2025 07.05 pm"),
        ("Sep 24 2025 12:01PM", "Sep  4 2025 12:01PM"),
        ("24/09/2025\xa007:05", "25/09/2025\xa007:05"),
        ("'24/09/2025 07:05", "'25/09/2025 07:05"),
    ],
)
def test_the_formats_that_are_proposed_read_the_cells(cells: tuple[str, ...]) -> None:
    found = _found(*cells)
    assert (found.fits, found.misfits) == (2, 0)
    assert found.last in {dt.date(2025, 9, 24), dt.date(2025, 9, 25)}


def test_a_format_that_reads_no_cell_is_not_proposed() -> None:
    assert _dates("31/02/2025", "30/02/2025") is None


def test_a_column_that_only_ever_says_no_date_is_one_of_dates() -> None:
    assert _found("1900-01-01", "1900-01-01T00:00:00").no_date == {"1900-01-01": 1, "1900-01-01T00:00:00": 1}
