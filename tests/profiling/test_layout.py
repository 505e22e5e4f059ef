"""What is odd about a file's layout or its references is found, told with its place, and does not stop the draft."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from local_digital.config.models import Transaction
from local_digital.errors import DataError
from local_digital.profiling.draft import CouncilFacts, draft
from local_digital.profiling.facts import Profile
from tests.profiling.conftest import Tried, good_rows, printed

Look = Callable[[Sequence[Path]], Profile]
Try = Callable[[Sequence[Path]], Tried]
HEADER = "Case Ref,Date Reported,Channel,Notes,Status\n"
ROWS = [f'C{n},{1 + n % 28:02}/10/2025 10:00,{("Web", "Phone")[n % 2]},"a, b\nof ""two""",Open\n' for n in range(60)]


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(*parts: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "export.csv"
        path.write_bytes("".join(parts).encode(encoding))
        return path

    return write


def test_repeated_headers_ragged_rows_and_totals(try_out: Try, file: Callable[..., Path]) -> None:
    tried = try_out([file(HEADER, *ROWS[:30], HEADER, *ROWS[30:], "C99,too,short\nTotal,60,,,\n")])
    shown = " ".join(tried.report.split())
    assert "the header stands there again 1 time" in shown
    assert "1 row of totals at the end" in shown
    assert "too few or too many cells: line 123" in shown
    assert len(good_rows(tried)) == 60


def test_exact_duplicates_are_counted_and_are_no_doubt_about_the_reference(
    look: Look, file: Callable[..., Path]
) -> None:
    found = look([file(HEADER, *ROWS, *ROWS[:5])])
    assert found.files[0].duplicates == 5
    assert [note.text for note in found.identity] == ["each row has its own"]


def test_a_reference_that_two_rows_share_is_a_doubt(try_out: Try, file: Callable[..., Path]) -> None:
    tried = try_out([file(HEADER, *ROWS, "C1,05/10/2025 11:00,Web,x,Open\n,05/10/2025 12:00,Web,x,Open\n")])
    assert "# CHECK: 1 row with the reference of another row that differs" in tried.draft
    assert "# CHECK: missing on 1 row" in tried.draft


def test_names_that_stand_twice_and_columns_without_one(try_out: Try, file: Callable[..., Path]) -> None:
    rows = [f"C{n},{1 + n % 28:02}/10/2025,{1 + n % 9:02}/10/2025,x,Web\n" for n in range(40)]
    tried = try_out([file("Case Ref,Date,Date,,Channel\n", *rows)])
    assert tried.found.files[0].names_twice == ("Date (1)", "Date (2)")
    assert tried.found.files[0].blank_names == ("column 4",)
    assert len(good_rows(tried)) == 40


def test_old_line_ends(try_out: Try, file: Callable[..., Path]) -> None:
    tried = try_out([file(*(line.replace("of", "").replace("\n", "\r") for line in (HEADER, *ROWS)))])
    assert tried.found.files[0].facts["line_ends"] == "CR"


def test_identifiers_that_excel_has_spoilt(try_out: Try, file: Callable[..., Path]) -> None:
    rows = [f"{n:05},1.00023E+11,2025-10-{1 + n % 28:02}T10:00:00+01:00,Web\n" for n in range(50)]
    tried = try_out([file("SR Number,UPRN,Created,Source\n", *rows)])
    assert "cells are as Excel shortens them" in tried.draft
    assert "cells begin with a zero" in tried.report
    assert "1.00023E+11," not in tried.draft


def test_names_in_another_language_are_taken_for_what_is_in_them(try_out: Try, file: Callable[..., Path]) -> None:
    tried = try_out([file("Cyfeirnod,Dyddiad,Sianel\n", *(f"A{n},{1 + n % 28}/10/2025,Web\n" for n in range(50)))])
    assert {name: guess.column for name, guess in tried.found.fields.items()} == {
        "record_ref": "Cyfeirnod", "reported_at": "Dyddiad", "channel": "Sianel",
    }  # fmt: skip
    assert tried.draft.count("no name says which column is the time of the report") == 1


def test_a_column_that_nothing_decides_follows_the_others_and_stays_a_doubt(
    try_out: Try, file: Callable[..., Path]
) -> None:
    rows = [f"A{n},{1 + n % 12:02}/05/2025,05/{13 + n % 9}/2025,Web\n" for n in range(40)]
    tried = try_out([file("Case Ref,Date Reported,Date Closed,Channel\n", *rows)])
    assert tried.handle.feed.columns["reported_at"].formats == ("%m/%d/%Y",)
    assert "DAY OR MONTH FIRST? No row decides it; `Date Closed` is month-first" in " ".join(
        line.strip(" #") for line in tried.draft.splitlines()
    )


def test_what_stands_for_no_date_becomes_blank(try_out: Try, file: Callable[..., Path]) -> None:
    rows = [f"A{n},2025-10-0{1 + n % 9}T10:00:00,1900-01-01T00:0{n % 10}:00,Web\n" for n in range(40)]
    tried = try_out([file("id,created_at,closed_at,channel\n", *rows)])
    assert tried.handle.feed.columns["closed_at"].blank == ("1900-01-01*",)
    assert {row["closed_at"] for row in good_rows(tried)} == {None}


def test_yes_and_no_are_mapped_as_such(try_out: Try, file: Callable[..., Path]) -> None:
    rows = [f"A{n},2025-10-0{1 + n % 9},Web,{'YN'[n % 2]}\n" for n in range(40)]
    column = try_out([file("id,created_at,channel,Justified\n", *rows)]).handle.feed.columns["outcome"]
    assert (column.yes, column.no) == ("justified", "not-justified")


def test_a_large_file_is_read_in_blocks_and_every_line_keeps_its_number(
    look: Look, file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = look([path := file(HEADER, *ROWS, "C98,too,short\n")])
    monkeypatch.setattr("local_digital.profiling.csv_sample._BLOCK", 500)
    assert printed(look([path])) == printed(whole)
    assert whole.files[0].ragged_lines == ("line 122",)


def test_a_header_without_rows_is_no_sample(look: Look, file: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="a header and nothing below it"):
        look([file(HEADER)])


@pytest.mark.parametrize(
    "name", ["Historical Wards 2003-2015", "LSOA 2021 Name", "FY2025", "Created in 2025", "Jan-25", "2024/25", "Zone 4"]
)
def test_a_year_in_the_name_of_a_column_makes_it_no_data(look: Look, file: Callable[..., Path], name: str) -> None:
    rows = [f"C{n},{1 + n % 28:02}/10/2025 10:00,Web,E{n % 7:02},1,2,3,4,5\n" for n in range(60)]
    found = look([file(f"Ref,Date Reported,Source,{name},Asset,Crew,Vehicle,Rota,Priority\n", *rows)])
    assert found.files[0].header
    assert name in [column.name for column in found.columns]


def test_months_as_columns_are_a_header_and_a_doubt(
    look: Look, contract: Transaction, file: Callable[..., Path]
) -> None:
    found = look([file("Channel,Jan-25,Feb-25,Mar-25,Apr-25\n", "Web,7564,5823,2753,1918\n", "Phone,6,640,8,1\n")])
    assert found.files[0].header
    assert "4 columns are called by dates" in draft(found, contract, CouncilFacts())
    assert "record_ref" not in found.fields


def test_codes_and_years_in_the_first_row_are_data_where_the_rows_below_are_alike(
    look: Look, file: Callable[..., Path]
) -> None:
    found = look([file(*(f"Job {2020 + n},{n % 7} High St,E0{n % 9},Web\n" for n in range(30)))])
    assert not found.files[0].header
    assert found.rows == 30


def test_notes_of_many_lines_in_the_first_rows_hide_none_of_them(try_out: Try, file: Callable[..., Path]) -> None:
    note = "\n".join(["Dear Sir", *["my bin, as ever, was missed, again"] * 40])
    rows = [f'C{n},{1 + n % 28:02}/10/2025 10:00,Web,"{note}",Open\n' for n in range(30)]
    tried = try_out([file(HEADER, *rows)])
    assert (tried.found.rows, tried.found.files[0].ragged) == (30, 0)
    assert len(good_rows(tried)) == 30


def test_a_block_never_ends_inside_a_note_whose_lines_look_like_rows(
    look: Look, file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    note = "\n".join(["a line, of, a, long, note"] * 9)
    rows = [f'C{n},{1 + n % 28:02}/10/2025 10:00,Web,Open,"{note}"\n' for n in range(60)]
    path = file("Case Ref,Date Reported,Channel,Status,Notes\n", *rows)
    monkeypatch.setattr("local_digital.profiling.csv_sample._BLOCK", 2000)
    found = look([path])
    assert (found.rows, found.files[0].ragged) == (60, 0)


def test_bytes_of_another_encoding_inside_utf_8_are_counted_and_read(try_out: Try, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    streets = [b"Caf\xc3\xa9 Lane", b"Caf\xe9 Lane"]
    rows = [f"C{n},{1 + n % 28:02}/10/2025,Web,".encode() + streets[n == 7] + b"\n" for n in range(60)]
    path.write_bytes(b"Case Ref,Date Reported,Channel,Ward\n" + b"".join(rows))
    tried = try_out([path])
    assert "1 byte of Windows-1252 inside UTF-8" in " ".join(tried.report.split())
    assert {row["ward"] for row in good_rows(tried)} == {"Café Lane"}


def test_what_differs_between_files_is_left_to_each_delivery(try_out: Try, tmp_path: Path) -> None:
    paths = []
    for night, (delimiter, encoding) in enumerate(((",", "utf-8"), (";", "windows-1252"))):
        path = tmp_path / f"export_2025110{night}.csv"
        lines = [["Case Ref", "Date Reported", "Channel", "Ward"]]
        lines += [
            [f"C{night}{n}", f"{1 + n % 28:02}/10/2025", "Web", "Llŷn" if not night else "Café"] for n in range(60)
        ]
        path.write_text("".join(delimiter.join(line) + "\n" for line in lines), encoding)
        paths.append(path)
    tried = try_out(paths)
    assert (tried.found.format["delimiter"], tried.found.format["encoding"]) == ("auto", "auto")
    assert {row["ward"] for row in good_rows(tried)} == {"Café"}


@pytest.mark.parametrize(
    ("size", "shown"), [(999, "999 B"), (12_000, "12 kB"), (34_000_000, "34 MB"), (5_600_000_000, "5 GB")]
)
def test_size_of_a_file_is_shown_in_words(look: Look, file: Callable[..., Path], size: int, shown: str) -> None:
    found = look([file(HEADER, *ROWS)])
    (one,) = found.files
    assert shown in printed(replace(found, files=(replace(one, size=size),)))


def test_archive_whose_files_are_of_several_kinds_is_refused(look: Look, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bins.zip", "w") as archive:
        archive.writestr("north.txt", HEADER + "".join(ROWS))
        archive.writestr("south.txt", '[{"ref": "C1", "opened": "2025-11-03T10:15:00Z"}]')
    with pytest.raises(DataError, match="expected files of one kind in the archive; found csv, json"):
        look([tmp_path / "bins.zip"])


def test_workbook_without_a_row_is_refused(look: Look, tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "bins.xlsx")
    with pytest.raises(DataError, match="found an empty workbook"):
        look([tmp_path / "bins.xlsx"])


@pytest.mark.parametrize("content", ["[{}]", '{"items": [{}, {}]}'])
def test_records_that_hold_nothing_are_refused(look: Look, tmp_path: Path, content: str) -> None:
    (tmp_path / "bins.json").write_text(content, "utf-8")
    with pytest.raises(DataError, match="expected records; found none"):
        look([tmp_path / "bins.json"])


def test_json_that_is_broken_over_lines_is_no_json_of_a_record_a_line(look: Look, tmp_path: Path) -> None:
    records = ",\n".join(
        f'{{"ref": "C{n}", "opened": "2025-11-{1 + n % 28:02}T10:15:00Z", "channel": "Web"}}' for n in range(40)
    )
    (tmp_path / "bins.json").write_text(f'{{"answer":\n{{"items": [{records}]}}}}', "utf-8")
    found = look([tmp_path / "bins.json"])
    assert (found.format, found.rows) == ({"kind": "json", "records": "answer.items"}, 40)
