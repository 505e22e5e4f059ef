"""An Excel sheet is read like any other export; its dates come as dates."""

from __future__ import annotations

import datetime as dt
import io
import re
import resource
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from local_digital.config.formats import XlsxFormat
from local_digital.errors import DataError, TransportError
from local_digital.parsing.documents import Document
from local_digital.parsing.sections import Reading, Wanted
from local_digital.parsing.workbook import read

WANTED = Wanted.of(["Case Ref", "Reported", "Ward"])


def saved(*rows: list[Any], sheet: str = "Export", before: str | None = None) -> bytes:
    workbook = Workbook()
    first = workbook.active
    assert first is not None
    if before:
        first.title = before
        first = workbook.create_sheet(sheet)
    first.title = sheet
    for row in rows:
        first.append(row)
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def read_sheet(content: bytes, **facts: Any) -> Reading:
    return read(0, Document("", content), XlsxFormat(kind="xlsx", **facts), WANTED, "here")


def rows_of(reading: Reading) -> list[tuple[str, ...]]:
    (section,) = reading.sections
    return list(zip(*(column.to_pylist() for column in section.cells.columns), strict=True))


cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]), min_size=1, max_size=10).map(
    lambda text: f"w{text}".strip()
)


# Excel knows no time zones.
moments = st.datetimes(dt.datetime.fromisoformat("1901-01-01"), dt.datetime.fromisoformat("2200-01-01"))


@given(st.lists(st.tuples(st.integers(0, 10**14), moments, cells), max_size=8))
def test_any_rows_are_read_back(rows: list[tuple[int, dt.datetime, str]]) -> None:
    rows = [(ref, moment.replace(microsecond=0), ward) for ref, moment, ward in rows]
    found = rows_of(read_sheet(saved(["Case Ref", "Reported", "Ward"], *map(list, rows))))
    assert [(ref, dt.datetime.fromisoformat(moment), ward) for ref, moment, ward in found] == [
        (str(ref), moment, ward) for ref, moment, ward in rows
    ]


def test_title_lines_totals_blank_rows_and_long_rows_are_told_apart() -> None:
    content = saved(
        ["Missed bins, week 45"], [], ["Case Ref", "Reported", "Ward"], ["0012", dt.date(2025, 11, 4), "A"], [],
        ["Case Ref", "Reported", "Ward"], ["13", None, "B", None, "stray"], [14, None, "C"], ["Total", None, 3],
    )  # fmt: skip
    reading = read_sheet(content)
    (section,) = reading.sections
    assert rows_of(reading) == [("0012", "2025-11-04", "A"), ("14", "", "C")]
    assert (list(section.places), section.ragged) == ([4, 8], [7])
    assert reading.found == {"sheet": "Export", "header_line": 3, "repeated_headers": 1, "totals_rows": 1}
    assert section.native_dates


def test_sheet_is_found_by_name_or_position() -> None:
    content = saved(["Case Ref", "Reported", "Ward"], ["1", "", "A"], before="Read me", sheet="Missed Bins")
    assert read_sheet(content, sheet="missed bins").found["sheet"] == "Missed Bins"
    assert len(rows_of(read_sheet(content, sheet="2"))) == 1
    with pytest.raises(DataError, match="a sheet `3`"):
        read_sheet(content, sheet="3")
    with pytest.raises(DataError, match="a header"):
        read_sheet(content)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "found an empty file"),
        (b"\xef\xbb\xbf \r\n<html>", "found a web page or XML"),
        (b"%PDF-1.7", "found a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"found an Excel file of before 2007 \(\.xls\), or one with a password"),
        (b"Case Ref,Ward\n1,A\n", "found a file of another kind"),
        (saved(["Case Ref"])[:900], "found"),
    ],
)
def test_what_is_no_workbook_is_refused_by_what_it_is(content: bytes, found: str) -> None:
    with pytest.raises(DataError, match=f"an Excel workbook.*{found}"):
        read_sheet(content)


def with_cells(found: dict[str, Any]) -> bytes:
    workbook = Workbook()
    for place, value in found.items():
        workbook.active[place] = value  # type: ignore[index]
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def packed(cells: str, shared: str = "") -> bytes:
    """Return a workbook with these cells, written by hand as no honest program would."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(["x"]))) as before, zipfile.ZipFile(target, "w", 8) as after:
        for name in before.namelist():
            content = before.read(name)
            if name.endswith("sheet1.xml"):
                content = re.sub(rb"<sheetData>.*</sheetData>", f"<sheetData>{cells}</sheetData>".encode(), content)
            after.writestr(name, content)
        after.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}"><si><t>{shared}</t></si></sst>')
    return target.getvalue()


@pytest.mark.parametrize("value", [" ", "stray"])
def test_cell_far_below_the_table_changes_nothing_above_it(value: str) -> None:
    table = {"B2": "Case Ref", "C2": "Ward", "B3": "1", "C3": "A", "C5": "B"}
    reading = read_sheet(with_cells({**table, "Z1048576": value}))
    (section,) = reading.sections
    assert [column.to_pylist() for column in section.cells.columns] == [["", ""], ["1", ""], ["A", "B"]]
    assert (list(section.places), section.ragged) == ([3, 5], [1_048_576] if value.strip() else [])


ONE = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'


@pytest.mark.parametrize(
    "content",
    [
        with_cells({"XFD1048576": " "}),
        with_cells({"A1": "Case Ref", "XFD1048576": " "}),
        packed(f'<row r="4294967295">{ONE.format("ZZZZZZ4294967295", "x")}</row>'),
        packed(f'<row r="2147483647">{ONE.format("A2147483647", "x")}</row>'),
        packed('<row r="1">' + '<c t="s"><v>0</v></c>' * 16_000 + "</row>", "x" * 1_000_000),
    ],
    ids=["far", "from one corner to the other", "no such column", "no such row", "one text many times"],
)
def test_sheet_that_no_memory_holds_is_refused_in_plain_words(content: bytes) -> None:
    assert len(content) < 100_000
    with pytest.raises(DataError, match=r"at most 50,000,000 cells"):
        read_sheet(content)


def test_full_disk_of_our_own_is_not_put_down_to_the_workbook() -> None:
    content = saved(["Case Ref", "Reported", "Ward"], *([f"w{number}", "2026-03-02", "Falls"] for number in range(99)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(TransportError, match="room for temporary files"):
            read_sheet(content)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_thousands_of_columns_are_refused() -> None:
    with pytest.raises(DataError, match="at most 5,000 columns"):
        read_sheet(saved(["Case Ref", *map(str, range(6000))]))


def test_zero_characters_come_out_of_cells() -> None:
    rows = (ONE.format("A1", "Case Ref"), ONE.format("A2", "a\0b"))
    content = packed("".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(rows, 1)))
    assert rows_of(read_sheet(content)) == [("ab",)]


def test_every_row_of_totals_at_the_end_is_counted_and_none_above() -> None:
    rows = [["Case Ref", "Reported", "Ward"], ["Total", None, None], ["1", None, "A"], ["Total", None, 1], ["Sum", 1]]
    reading = read_sheet(saved(*rows))
    assert rows_of(reading) == [("Total", "", ""), ("1", "", "A")]
    assert reading.found["totals_rows"] == 2


@pytest.mark.parametrize("facts", [{}, {"header_line": 1}, {"header_line": 9}])
def test_sheet_without_a_known_column_is_refused_in_plain_words(facts: dict[str, int]) -> None:
    with pytest.raises(DataError) as refused:
        read_sheet(saved(["x"], ["y"]), **facts)
    assert str(refused.value) == (
        "here: expected a header with the columns of the feed's mapping; found none in the first rows of the sheet, "
        "which has 2 rows. Check sheet and header with the council, then mend the export or the council's file."
    )
