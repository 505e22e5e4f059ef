"""A CSV written by anybody's writer is read back cell by cell, with the right line numbers, and no row is lost."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from local_digital.config.formats import CsvFormat
from local_digital.errors import DataError
from local_digital.parsing.csv import blank_rows, header_again, layout, lines_with, read, telling_names
from local_digital.parsing.decoding import SEND_AGAIN
from local_digital.parsing.dialect import Dialect
from local_digital.parsing.documents import Document
from local_digital.parsing.sections import Reading, Section, Wanted, text_table

NAMES = ["Case Ref", "Ward", "Notes"]
WANTED = Wanted.of(NAMES, [["Case Ref"], ["Ward"]])
cells = st.text(
    st.characters(codec="windows-1252", exclude_categories=["Cc", "Cs"]) | st.sampled_from('\n",;\t'), max_size=20
).map(str.strip)
tables = st.lists(st.tuples(st.from_regex(r"[A-Z]{2}[0-9]{1,6}", fullmatch=True), cells, cells), max_size=20)


def read_text(content: str | bytes, wanted: Wanted = WANTED, **facts: Any) -> Reading:
    given_bytes = content if isinstance(content, bytes) else content.encode()
    return read(0, Document("", given_bytes), CsvFormat(**facts), wanted, "here")


def rows_of(reading: Reading) -> list[tuple[str, ...]]:
    return [
        tuple(str(column[index].as_py()).strip() for column in section.cells.columns)
        for section in reading.sections
        for index in range(section.cells.num_rows)
    ]


def ragged_of(reading: Reading) -> list[int]:
    return [line for section in reading.sections for line in section.ragged]


@pytest.mark.parametrize("told", [True, False])
@given(
    tables,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "windows-1252", "utf-16"]),
    st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_any_table_in_any_dialect_is_read_back(
    told: bool, rows: list[tuple[str, str, str]], delimiter: str, encoding: str, ending: str
) -> None:
    written = io.StringIO(newline="")
    # Python's writer quotes only the line ends it writes itself.
    quoting = csv.QUOTE_ALL if ending == "\r" else csv.QUOTE_MINIMAL
    writer = csv.writer(written, delimiter=delimiter, lineterminator=ending, quoting=quoting)
    writer.writerow(NAMES)
    starts = []
    for row in rows:
        starts.append(len(written.getvalue().replace("\r\n", "\n").replace("\r", "\n").split("\n")))
        writer.writerow(row)
    if encoding == "windows-1252" and not told:
        # `Â£` in Windows-1252 is `£` in UTF-8: nobody can tell such text apart.
        assume(not re.search(rb"[\xc2-\xf4][\x80-\xbf]", written.getvalue().encode(encoding)))
    facts = {"encoding": encoding.removesuffix("-sig"), "delimiter": delimiter} if told else {}
    found = read_text(written.getvalue().encode(encoding), **facts)
    assert rows_of(found) == rows
    assert [line for section in found.sections for line in section.places] == starts
    assert ragged_of(found) == []


def test_what_was_found_out_is_recorded() -> None:
    found = read_text("Exported on Monday\r\nCase Ref;Ward;Notes\r\n1;A;£5\r\n".encode("windows-1252"))
    assert found.found == {
        "encoding": "windows-1252", "line_ends": "CRLF", "delimiter": ";", "header_line": 2,
    }  # fmt: skip
    assert rows_of(found) == [("1", "A", "£5")]


def test_two_encodings_in_one_file_are_both_read_and_reported() -> None:
    found = read_text("Case Ref,Ward,Notes\n1,Môr,x\n".encode() + "2,Bryn,£5\n".encode("windows-1252"))
    assert rows_of(found) == [("1", "Môr", "x"), ("2", "Bryn", "£5")]
    assert found.found["bytes_in_windows_1252"] == 1
    assert "Windows-1252" in found.notes[0]


def test_blank_lines_are_no_rows_and_still_count_as_lines() -> None:
    found = read_text("Case Ref,Ward,Notes\n1,A,\n\n,,\n2,B,\n")
    assert [line for section in found.sections for line in section.places] == [2, 5]


@pytest.mark.parametrize("end", ["\n", ""])
def test_rows_of_another_width_are_kept_apart_with_their_line(end: str) -> None:
    found = read_text(f"Case Ref,Ward,Notes\n1,A,x\n2,B\n3,C,x,y\n4,D,x{end}")
    assert [row[0] for row in rows_of(found)] == ["1", "4"]
    assert ragged_of(found) == [3, 4]


def test_blank_cells_beyond_the_header_make_no_row_ragged() -> None:
    assert rows_of(read_text("Case Ref,Ward,Notes\n1,A,x,,\n2,B,y\n")) == [("1", "A", "x"), ("2", "B", "y")]
    every = read_text("Case Ref,Ward,Notes\n" + "".join(f"{number},A,x,\n" for number in range(50)))
    assert len(rows_of(every)) == 50
    assert ragged_of(every) == []


def test_short_rows_are_filled_only_when_the_council_s_file_says_so() -> None:
    text = "Case Ref,Ward,Notes\n1,A\n2,B,x\n"
    assert ragged_of(read_text(text)) == [2]
    assert rows_of(read_text(text, short_rows="fill")) == [("1", "A", ""), ("2", "B", "x")]


def test_stray_quote_does_not_swallow_the_rows_below_it() -> None:
    rows = "".join(f'{number},Ward {number % 7},"note"\n' for number in range(100, 200))
    broken = rows.replace("130,Ward 4,", '130,"Ward 4,')
    found = read_text(f"Case Ref,Ward,Notes\n{broken}")
    assert {row[0] for row in rows_of(found)} == {str(number) for number in range(100, 200) if number != 130}
    assert ragged_of(found) == [32]


def test_inch_sign_is_no_open_quote() -> None:
    text = 'Case Ref,Ward,Notes\n1,A,"x\n2,B,6" pipe\n3,C,7" pipe'
    found = read_text(text)
    assert {row[0] for row in rows_of(found)} == {"2", "3"}
    assert ragged_of(found) == [2]


def test_cells_over_several_lines_are_no_stray_quotes() -> None:
    text = 'Case Ref,Ward,Notes\n1,A,"said: please, come, soon\nsecond, line, here"\n2,B,"x\ny"\n'
    assert rows_of(read_text(text)) == [
        ("1", "A", "said: please, come, soon\nsecond, line, here"), ("2", "B", "x\ny"),
    ]  # fmt: skip


def test_header_that_comes_again_is_no_row_and_is_counted() -> None:
    found = read_text("Case Ref,Ward,Notes\n1,A,\nCase Ref,Ward,Notes\n2,B,\n")
    assert [row[0] for row in rows_of(found)] == ["1", "2"]
    assert found.found["repeated_headers"] == 1


def test_another_header_further_down_holds_for_the_rows_below_it() -> None:
    found = read_text("Case Ref,Ward,Notes\n1,A,x\nWard,Extra,Case Ref,Notes\nB,?,2,y\n")
    assert [section.names for section in found.sections] == [NAMES, ["Ward", "Extra", "Case Ref", "Notes"]]
    assert [section.column("Case Ref").to_pylist() for section in found.sections] == [["1"], ["2"]]  # type: ignore[union-attr]
    assert [list(section.places) for section in found.sections] == [[2], [4]]


@pytest.mark.parametrize(
    "last",
    ["Total,,2", "Grand Total:,2,", ",,Total", "(2 rows affected)", "Total enquiries,2,", "Totals for the week,,"],
)
def test_totals_at_the_end_are_no_row(last: str) -> None:
    found = read_text(f"Case Ref,Ward,Notes\n1,A,x\n2,B,y\n{last}\n")
    assert [row[0] for row in rows_of(found)] == ["1", "2"]


def test_names_are_compared_without_case_and_spacing_and_doubles_are_numbered() -> None:
    found = read_text(" case  REF ,Date,Date,,Ward?,Notes\n1,a,b,c,d,e\n", Wanted.of(["Case Ref", "Ward?"]))
    (section,) = found.sections
    assert section.names == ["case REF", "Date (1)", "Date (2)", "column 4", "Ward?", "Notes"]
    assert section.column("Case Ref").to_pylist() == ["1"]  # type: ignore[union-attr]
    assert section.column("Date (2)").to_pylist() == ["b"]  # type: ignore[union-attr]


def test_names_in_quotes_may_hold_line_breaks() -> None:
    found = read_text('Title "of the week\n"Case\nRef","Ward",Notes\n1,A,x\n')
    assert found.sections[0].names == ["Case Ref", "Ward", "Notes"]
    assert rows_of(found) == [("1", "A", "x")]


def test_word_that_is_a_column_s_name_makes_no_header_of_its_row() -> None:
    wanted = Wanted.of(["Logged", "Ward", "Status", "Street"], [["Logged"]])
    text = (
        "Logged,Ward,Status,Street\n1,Abbey,Completed,1 High St\n2,Abbey,Logged,2 High St\n3,Abbey,Closed,3 High St\n"
    )
    found = read_text(text, wanted)
    assert len(found.sections) == 1
    assert len(rows_of(found)) == 3


def test_two_stray_quotes_far_apart_swallow_no_row() -> None:
    rows = [
        f"{number},0{1 + number % 9}/09/2025 09:00,Ward {number % 5},{number} High St" for number in range(1, 12001)
    ]
    rows[10499] = '10500,01/09/2025 09:00,Ward 1,"The Cottage'
    rows[10799] = '10800,01/09/2025 09:00,Ward 1,Rose House"'
    wanted = Wanted.of(["Ref", "Date", "Ward"], [["Ref"], ["Date"], ["Ward"]])
    found = read_text("\n".join(["Ref,Date,Ward,Address", *rows, ""]), wanted)
    assert len(rows_of(found)) == 11999
    assert ragged_of(found) == [10501]


def test_export_without_a_header_is_read_by_the_names_the_council_s_file_gives() -> None:
    found = read_text("1|A|x\n2|B|y\n", names=NAMES)
    assert rows_of(found) == [("1", "A", "x"), ("2", "B", "y")]
    assert list(found.sections[0].places) == [1, 2]


def test_quotes_may_be_plain_characters_or_escaped() -> None:
    assert rows_of(read_text('Case Ref|Ward|Notes\n1|6" pipe|"x\n', quote="none")) == [("1", '6" pipe', '"x')]
    assert rows_of(read_text('Case Ref,Ward,Notes\n1,A,"a \\"b\\", c"\n', escape="\\")) == [("1", "A", 'a "b", c')]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"<!DOCTYPE html><html><body>Error</body></html>", "web page"),
        (b"one,two\n1,2\n", "2 cells"),
        (b"Case Ref,Ward,Notes\n1,A,x\n2,B", "half way"),
        (b"Case Ref,Ward,Notes\n" + b"1,A,x\n" * 100 + b"1,A,x,y\n2,B", "half way"),
        (b"Case Ref,Ward,Notes\n1,A,x\n12", "half way"),
        (b'Case Ref,Ward,Notes\n1,A,x\n2,B,"x and', "half way"),
        (b'Case Ref,Ward,Notes\n1,A,x\n2,"B', "half way"),
        (b"Case Ref,Ward,Notes\n1,A\0,x\n", "zero bytes"),
    ],
)
def test_what_is_no_whole_export_is_refused_with_a_plain_message(content: bytes, found: str) -> None:
    with pytest.raises(DataError, match=found):
        read_text(content)


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
def test_encoding_that_was_agreed_on_is_kept_to(encoding: str) -> None:
    other = {"utf-8": "windows-1252", "windows-1252": "utf-8"}[encoding]
    content = (
        "Case Ref,Ward,Notes\n1,A,\x81\n".encode("latin-1")
        if encoding == "windows-1252"
        else "Case Ref,£".encode(other)
    )
    with pytest.raises(DataError, match=f"expected text in {encoding}"):
        read_text(content, encoding=encoding)


@pytest.mark.timeout(60)
def test_thousands_of_columns_are_read_in_time_and_more_are_refused() -> None:
    def wide(columns: int) -> str:
        names = ["Case Ref", "Ward", *(f"n{number}" for number in range(columns - 2))]
        return f"{','.join(names)}\n{','.join(['1'] * columns)}\n"

    (section,) = read_text(wide(5000)).sections
    assert all(section.column(name) is not None for name in section.names)
    with pytest.raises(DataError, match="at most 5,000 columns"):
        read_text(wide(100_000))
    with pytest.raises(DataError, match="at most 5,000 columns"):
        read_text(f"Case Ref,Ward,Notes\n1,A,x{',' * 5000}\n")


def test_column_is_found_by_its_own_spelling_before_another_s() -> None:
    (section,) = read_text("Case Ref,Ward,Notes\n1,A,x\n").sections
    doubles = Section(["WARD", "Ward", "Notes"], section.cells, section.places)
    assert [doubles.column(name).to_pylist() for name in ("Ward", "ward", " notes ")] == [["A"], ["1"], ["x"]]  # type: ignore[union-attr]
    assert doubles.column("Wards") is None


@pytest.mark.timeout(60)
def test_header_that_comes_again_and_again_is_read_in_time() -> None:
    found = read_text("Case Ref,Ward,Notes\n1,A,x\n" * 50_000)
    assert (len(rows_of(found)), found.found["repeated_headers"]) == (50_000, 49_999)


def test_row_of_another_width_is_cut_at_no_exotic_line_end() -> None:
    found = read_text("Case Ref,Ward,Notes\n1,A,x\u2028y,z\n2,B,x\x85y\n")
    assert rows_of(found) == [("2", "B", "x\x85y")]
    assert ragged_of(found) == [2]


def layout_of(text: str, wanted: Wanted = WANTED, **facts: Any) -> tuple[Dialect, int | None]:
    return layout(text.splitlines(keepends=True), CsvFormat(**facts), wanted, "here")


@pytest.mark.parametrize(
    ("text", "facts", "dialect", "header"),
    [
        ("Case Ref,Ward\n1,A\n", {}, Dialect(",", '"', None), 0),
        ("Title\n\nCase Ref;Ward\n1;A\n", {}, Dialect(";", '"', None), 2),
        ("Case Ref^Ward\n", {"quote": "none"}, Dialect("^", None, None), 0),
        ("Case Ref~Ward\n", {"quote": "'", "escape": "\\"}, Dialect("~", "'", "\\"), 0),
        ("Case Ref:Ward\n", {"delimiter": ":"}, Dialect(":", '"', None), 0),
        # The row with most names, and the first of equals; one name is enough.
        ("Ward,x\nCase Ref,Ward\nWard,Case Ref\n", {}, Dialect(",", '"', None), 1),
        ("x\nWard\n", {}, Dialect(",", '"', None), 1),
        ("Case Ref,Ward\nWard,Case Ref,Notes\n", {"header_line": 1}, Dialect(",", '"', None), 0),
        ("x\nCase Ref,Ward,Notes\nCase Ref|Ward\n", {"header_line": 3}, Dialect("|", '"', None), 2),
        ('Title "a\nb"\n"Case\nRef",Ward,Notes\n1,A\n', {}, Dialect(",", '"', None), 2),
        ('"a\nb",c\n\n"Case\nRef",Ward,Notes\n1,A\n', {}, Dialect(",", '"', None), 3),
        # Without a header, the delimiter that makes most rows as wide as the names.
        ("1|A\n2|B\n", {"names": ["Case Ref", "Ward"]}, Dialect("|", '"', None), None),
        ("1,0|A\n2|B\n3|C\n", {"names": ["Case Ref", "Ward"]}, Dialect("|", '"', None), None),
        ("1\n", {"names": ["Case Ref", "Ward"]}, Dialect(",", '"', None), None),
    ],
)
def test_delimiter_and_header_are_found(text: str, facts: dict[str, Any], dialect: Dialect, header: int | None) -> None:
    assert layout_of(text, **facts) == (dialect, header)


@pytest.mark.parametrize(
    ("text", "facts", "cells"),
    [("a,b,c\n1,2,3\n", {}, 3), ("a;b\n", {}, 1), ("", {}, 0), ("x\nCase Ref,Ward\n", {"header_line": 1}, 1),
     ("Case Ref,Ward\n", {"header_line": 2}, 2)],
)  # fmt: skip
def test_export_without_a_known_column_is_refused_and_its_first_line_not_shown(
    text: str, facts: dict[str, Any], cells: int
) -> None:
    with pytest.raises(DataError) as refused:
        layout_of(text, **facts)
    assert str(refused.value) == (
        "here: expected a header with the columns of the feed's mapping; found none in the first lines; the first has "
        f"{cells} cells. Check delimiter and header with the council, then mend the export or the council's file."
    )


def test_header_is_looked_for_in_the_first_sixty_lines() -> None:
    assert read_text("\n" * 59 + "Case Ref,Ward,Notes\n1,A,x\n").found["header_line"] == 60
    with pytest.raises(DataError, match="a header with"):
        read_text("x\n" * 60 + "Case Ref,Ward,Notes\n1,A,x\n")


def test_name_that_tells_a_header_is_the_required_one_that_looks_rarest() -> None:
    assert telling_names(Wanted.of([], [["Ref"], ["Opened", "Date opened"], ["Reported on", "On"]])) == {
        "opened", "date opened",
    }  # fmt: skip
    assert telling_names(Wanted.of([])) == frozenset()


def test_lines_are_found_by_a_name_in_any_case_and_spacing() -> None:
    content = b"x Case  Ref y\nnone\ncase ref,case ref\nCASE\tREF"
    assert [content[start:end] for start, end in lines_with(content, "case ref")] == [
        b"x Case  Ref y", b"case ref,case ref", b"CASE\tREF",
    ]  # fmt: skip
    assert list(lines_with(b"a.b\naxb\n", "a.b")) == [(0, 3)]


def test_blank_rows_and_headers_among_the_rows_are_told() -> None:
    table = text_table([["", " \t"], ["a", ""], ["", "b"], ["", ""]], 2)
    assert blank_rows(table).tolist() == [True, False, False, True]
    columns = text_table(
        [[" CASE\u00a0 ref", "Ward"], ["case ref", "Wards"], ["x", "ward"], ["\ufeffCase Ref", "WARD"]], 2
    )
    assert header_again(columns.columns, ["Case Ref", "Ward"], 4).tolist() == [True, False, False, True]
    assert header_again([], [], 2).tolist() == [True, True]


@pytest.mark.parametrize(
    ("text", "rows", "ragged", "found"),
    [
        ("Case Ref,Ward,Notes\n", [], [], {}),
        ("Case Ref,Ward,Notes", [], [], {}),
        ("Case Ref,Ward,Notes\n\n, ,\n,,\n", [], [], {}),
        ("Case Ref,Ward,Notes\n1,A,x\nTotal,,\nTotal,1,\n", [(2, "1", "A", "x")], [], {"totals_rows": 2}),
        ("Case Ref,Ward,Notes\nTotal,,\n1,A,x\n", [(2, "Total", "", ""), (3, "1", "A", "x")], [], {}),
        (
            "Case Ref,Ward,Notes\n1,A,\"x\ny\"\nCASE REF,ward,notes\n2,B\n3,C,z\n",
            [(2, "1", "A", "x\ny"), (6, "3", "C", "z")], [5], {"repeated_headers": 1},
        ),
        # A last row of another width is no sign of a file cut off where it is a remark, a total or ends with a line.
        ("Case Ref,Ward,Notes\n1,A,x\nSource: the council", [(2, "1", "A", "x")], [3], {}),
        ("Case Ref,Ward,Notes\n1,A,x\nTotal: 1", [(2, "1", "A", "x")], [3], {}),
        ("Case Ref,Ward,Notes\n1,A,x\nTotal,1", [(2, "1", "A", "x")], [3], {}),
        ("Case Ref,Ward,Notes\n1,A,x\nTotal calls,1", [(2, "1", "A", "x")], [3], {}),
        ("Case Ref,Ward,Notes\n1,A,x\n2,B\n", [(2, "1", "A", "x")], [3], {}),
        ("Case Ref,Ward,Notes\n1,A,x\n2,B,y,z", [(2, "1", "A", "x")], [3], {}),
        # Where such rows are many, the last one says nothing.
        ("Case Ref,Ward,Notes\n1,A\n2,B", [], [2, 3], {}),
    ],
)  # fmt: skip
def test_every_row_is_read_set_aside_or_counted(
    text: str, rows: list[tuple[Any, ...]], ragged: list[int], found: dict[str, int]
) -> None:
    reading = read_text(text)
    lines = [int(line) for section in reading.sections for line in section.places]
    assert [(line, *row) for line, row in zip(lines, rows_of(reading), strict=True)] == rows
    assert ragged_of(reading) == ragged
    assert {key: reading.found[key] for key in ("repeated_headers", "totals_rows") if key in reading.found} == found


def test_document_s_number_is_part_of_every_place() -> None:
    content = b"Case Ref,Ward,Notes\n1,A,x\n2,B\n3,C,y\n"
    (section,) = read(2, Document("", content), CsvFormat(), WANTED, "here").sections
    assert (section.places.tolist(), section.ragged) == ([2_000_000_002, 2_000_000_004], [2_000_000_003])


def test_names_twice_in_the_header_are_told() -> None:
    (section,) = read_text("Case Ref,Ward,Date,DATE\n1,A,x,y\n").sections
    assert (section.names, section.twice) == (["Case Ref", "Ward", "Date (1)", "DATE (2)"], {"date"})


def test_rows_before_a_quote_that_stays_open_are_read_and_counted_from_their_lines() -> None:
    wide = "".join(f"{number},A,x\n" for number in range(3, 9))
    text = f'Case Ref,Ward,Notes\n1,"A\nB",x\n2,B\n\n{wide}9,C,"x\n10,D,y\n11,E,z\n'
    found = read_text(text)
    assert [(int(line), row) for line, row in zip(found.sections[0].places, rows_of(found), strict=True)] == [
        (2, ("1", "A\nB", "x")), *((number + 3, (str(number), "A", "x")) for number in range(3, 9)),
        (13, ("10", "D", "y")), (14, ("11", "E", "z")),
    ]  # fmt: skip
    assert ragged_of(found) == [4, 12]


def test_row_that_is_longer_than_what_is_read_at_once_is_read_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'Case Ref,Ward,Notes\n1,A,x\n2,B\n\n3,"C\nD",y\n4,E,"{"z" * 400}\nz"\n5,F,w\n6,G,a,b\n7,H,"v"\n'
    at_once = read_text(text)
    monkeypatch.setattr("local_digital.parsing.csv._BLOCK", 64)
    monkeypatch.setattr("local_digital.parsing.csv._LARGEST_BLOCK", 64)
    piece_by_piece = read_text(text)
    assert rows_of(piece_by_piece) == rows_of(at_once)
    for found in (at_once, piece_by_piece):
        (section,) = found.sections
        assert [row[0] for row in rows_of(found)] == ["1", "3", "4", "5", "7"]
        assert [int(line) for line in section.places] == [2, 5, 7, 9, 11]
        assert ragged_of(found) == [3, 10]


@pytest.mark.parametrize("rows", [1, 49])
@pytest.mark.parametrize("end", ["2,B", "2", '"2,B,x', '2,B,"x'])
def test_file_cut_off_is_refused_in_plain_words(rows: int, end: str) -> None:
    with pytest.raises(DataError) as refused:
        read_text("Case Ref,Ward,Notes\n" + "1,A,x\n" * rows + end)
    assert str(refused.value) == (
        "here: expected a whole file; found one whose last row ends half way, as when a transfer was cut off. "
        + SEND_AGAIN
    )


@pytest.mark.parametrize(("ragged", "is_refused"), [(1, True), (2, True), (3, False)])
def test_last_short_row_is_a_sign_of_a_cut_off_only_where_such_rows_are_few(ragged: int, is_refused: bool) -> None:
    text = "Case Ref,Ward,Notes\n" + "1,A,x,y\n" * (ragged - 1) + "1,A,x\n" * 50 + "2,B"
    if is_refused:
        with pytest.raises(DataError, match="half way"):
            read_text(text)
    else:
        assert len(ragged_of(read_text(text))) == ragged


def test_header_whose_quote_is_never_closed_is_refused_in_plain_words() -> None:
    with pytest.raises(DataError) as refused:
        read_text('Case Ref,Ward,"Notes\n1,A,x\n')
    assert str(refused.value) == (
        "here: expected a header whose quotes are closed; found one with a quote that runs on to the end. "
        "Ask the council to mend the export; nothing was loaded from this one."
    )


@pytest.mark.timeout(60)
def test_thousand_different_headers_are_read_and_more_are_refused() -> None:
    pair = "Case Ref,Ward,Notes\n1,A,x\nWard,Case Ref,Notes\nA,1,x\n"
    assert len(read_text(pair * 500).sections) == 1000
    with pytest.raises(DataError) as refused:
        read_text(pair * 501)
    assert str(refused.value) == f"here: expected at most 1,000 headers; found more. {SEND_AGAIN}"


@pytest.mark.parametrize(("longer", "is_wider"), [(10, False), (11, True)])
def test_header_is_widened_where_most_of_the_first_rows_close_with_a_delimiter(longer: int, is_wider: bool) -> None:
    rows = "1,A,x,,\n" * longer + "2,B,y\n" * (20 - longer) + "3,C,z,,\n" * 9
    (section,) = read_text(f"Case Ref,Ward,Notes\n{rows}").sections
    assert section.names == [*NAMES, *(["column 4", "column 5"] if is_wider else [])]
    assert (section.cells.num_rows, section.ragged) == (
        (9 + longer, list(range(longer + 2, 22))) if is_wider else (29, [])
    )
