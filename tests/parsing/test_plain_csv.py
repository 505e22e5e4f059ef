"""A CSV read in pieces gives, row by row, what it gives when read as a whole; what is odd is read as a whole."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_digital.errors import DataError
from local_digital.parsing import candidates, plain_csv
from local_digital.parsing import csv as careful_csv
from local_digital.parsing.plain_csv import Odd
from tests.parsing.test_candidates import parsed

WARD: dict[str, Any] = {"ward": {"from": "Ward"}, "premises_key": {"from": "UPRN"}}
WARD_ONLY: dict[str, Any] = {"ward": {"from": "Ward"}}
NAMES = ("Ref", "Opened", "How", "Ward", "UPRN", "Notes")
words = st.text(
    st.characters(codec="windows-1252", exclude_categories=["Cc", "Cs"]) | st.sampled_from('",;'), max_size=12
)
plain_rows = st.tuples(
    st.from_regex(r"[A-Z]{2}[0-9]{1,4}", fullmatch=True) | st.just(""),
    st.dates().map(str) | st.sampled_from(["", "2025-11-30 10:00", "2025-03-30 01:30", "31/01/2025", "2025-02-30"]),
    st.sampled_from(["Web", "WEB", "Phone", "Pigeon", "Owl post", ""]),
    words,
    st.sampled_from(["100070000001", "0100070000001", "1.00E+11", "", "100,070,000,001"]),
    words,
)
odd_lines = st.sampled_from(
    ["", ",,,,,", ",".join(NAMES), "Ref,How,Opened,Ward,UPRN,Notes", "REF,opened,how,ward,uprn,notes", "Total,,,,,12",
     'AB1,2025-01-01,Web,"North', 'end of it",1,', "too,few", "one,2025-01-01,Web,A,1,too,many", '"', "<html>",
     "Source: the council", "(3 rows affected)", "a\rb,2025-01-01,Web,,,", "\0"]
)  # fmt: skip


def whole(monkeypatch: pytest.MonkeyPatch, content: bytes, **facts: Any) -> Any:
    def never(*_: object) -> None:
        raise Odd

    with monkeypatch.context() as patch:
        patch.setattr(candidates, "PlainCsv", never)
        return outcome(content, **facts)


def outcome(content: bytes, columns: dict[str, Any] | None = None, **facts: Any) -> Any:
    try:
        found = parsed(content, columns or WARD, **facts)
    except DataError as error:
        return str(error)
    return (
        found.table.to_pylist(), found.rows_read, found.filtered, sorted(found.faults), found.warnings, found.found
    )  # fmt: skip


def written(rows: list[tuple[str, ...]], ending: str, odd: list[tuple[int, str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([NAMES, *rows])
    lines = text.getvalue().split("\n")[:-1]
    for place, line in odd:
        lines.insert(place % (len(lines) + 1), line)
    return ending.join([*lines, ""])


@given(
    st.lists(plain_rows, max_size=30),
    st.lists(st.tuples(st.integers(0, 40), odd_lines), max_size=3),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["auto", "utf-8", "windows-1252"]),
    st.booleans(),
    st.sampled_from([70, 300, 5000]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_and_the_whole_give_the_same(
    monkeypatch: pytest.MonkeyPatch, rows: list[tuple[str, ...]], odd: list[tuple[int, str]], ending: str,
    encoding: str, cut: bool, piece: int,
) -> None:  # fmt: skip
    content = written(rows, ending, odd).encode("windows-1252" if encoding == "windows-1252" else "utf-8")
    if cut:
        content = content[:-3]
    facts = {"format": {"kind": "csv", "encoding": encoding}}
    with monkeypatch.context() as patch:
        patch.setattr(plain_csv, "_PIECE", piece)
        # Both look as far for a header.
        patch.setattr(plain_csv, "HEADER_WITHIN", 2)
        patch.setattr(careful_csv, "HEADER_WITHIN", 2)
        assert outcome(content, **facts) == whole(monkeypatch, content, **facts)


def test_a_plain_file_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("read as a whole")

    monkeypatch.setattr(plain_csv, "_PIECE", 100)
    monkeypatch.setattr(plain_csv, "HEADER_WITHIN", 2)
    monkeypatch.setattr(candidates, "documents_of", never)
    rows = [(f"A{number}", "2025-11-30", "Web", 'St "Giles"', "1", "a, b") for number in range(500)]
    found = parsed(written(rows, "\r\n", []), WARD)
    assert found.rows_read == 500
    assert found.table.column("line").to_pylist() == list(range(2, 502))
    assert set(found.table.column("ward").to_pylist()) == {'St "Giles"'}


def test_words_are_counted_over_all_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_csv, "_PIECE", 100)
    monkeypatch.setattr(plain_csv, "HEADER_WITHIN", 2)
    rows = [(f"A{number}", "2025-11-30", "Owl" if number % 2 else "OWL", "", "1.0E+11", "") for number in range(90)]
    assert parsed(written(rows, "\n", []), WARD, ignored_columns=["Notes"]).warnings == [
        "90 rows with the unmapped channel `OWL`", "rows whose `UPRN` a spreadsheet has shortened: 90"
    ]  # fmt: skip


def test_a_filter_column_may_be_blank_in_a_piece_but_not_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_csv, "_PIECE", 100)
    monkeypatch.setattr(plain_csv, "HEADER_WITHIN", 2)
    facts: dict[str, Any] = {"rows": [{"column": "Notes", "in": ["bins"]}]}
    rows = [(f"A{number}", "2025-11-30", "Web", "", "", "bins" if number == 80 else "") for number in range(90)]
    found = parsed(written(rows, "\n", []), WARD, **facts)
    assert (found.rows_read, found.filtered, found.table.num_rows) == (90, 89, 1)
    with pytest.raises(DataError, match="Notes, which tells the rows of this service apart"):
        parsed(written([(*row[:-1], "") for row in rows], "\n", []), WARD, **facts)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Token,Opened,How,Ward", {"record_ref": {"from": "Reference", "otherwise": ["Token"]}}),
        ("Ref,Date\u00a0opened,How,Ward", {"reported_at": {"from": "Date opened", "formats": ["iso"]}}),
        ("Ref,DYDDIAD Ŵ,How,Ward", {"reported_at": {"from": "Dyddiad ŵ", "formats": ["iso"]}}),
        ('Ref,"Date ""opened""",How,Ward', {"reported_at": {"from": 'Date "opened"', "formats": ["iso"]}}),
    ],
)
def test_header_that_comes_again_is_no_row_however_the_council_s_file_spells_it(
    header: str, columns: dict[str, Any]
) -> None:
    found = parsed(f"{header}\n1,2025-11-04,Web,A\n{header}\n2,2025-11-04,Web,B\n", {**WARD_ONLY, **columns})
    assert (found.rows_read, found.faults, found.found["repeated_headers"]) == (2, [], 1)


def test_header_with_a_quote_that_is_never_closed_is_turned_down() -> None:
    rows = "".join(f"{number},2025-11-04,Web,A\n" for number in range(100))
    with pytest.raises(DataError, match="a header whose quotes are closed"):
        parsed('Ref,Opened,How,"Ward\n' + rows, WARD_ONLY)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_escape_before_a_line_s_end_is_read_as_in_the_whole(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    content = ending.join(["Ref,Opened,How,Ward", *[f"{n},2025-11-04,Web,A\\" for n in range(9)], ""]).encode()
    facts = {"format": {"kind": "csv", "escape": "\\", "delimiter": ","}, "columns": WARD_ONLY}
    with monkeypatch.context() as patch:
        patch.setattr(plain_csv, "_PIECE", 60)
        patch.setattr(plain_csv, "HEADER_WITHIN", 2)
        assert outcome(content, **facts) == whole(monkeypatch, content, **facts)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        # Not even the header's line has an end.
        (b"Ref,Opened,How,Ward", WARD_ONLY),
        # More columns than any export has, over two lines.
        (b'Ref,Opened,How,"Ward\nof it",' + b"x," * 5000 + b"x\n1,2025-11-04,Web,A\n", WARD_ONLY),
        # Nothing that is to be kept.
        (b"1,2025-11-04,Web\n", {"record_ref": {"from": "A"}}),
        (b"Ref,Opened,How,Ward\n1,2025-11-04,Web," + b"A" * 30_000 + b"\n2,2025-11-04,Web,B\n", WARD_ONLY),
    ],
)
def test_what_is_no_plain_file_is_read_or_refused_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, content: bytes, columns: dict[str, Any]
) -> None:
    facts: dict[str, Any] = {"columns": columns}
    if b"Ref" not in content:
        facts["format"] = {"kind": "csv", "names": ["X", "Y", "Z"]}
    with monkeypatch.context() as patch:
        patch.setattr(plain_csv, "_PIECE", 60)
        patch.setattr(plain_csv, "_LONGEST_LINE", 20_000)
        patch.setattr(plain_csv, "HEADER_WITHIN", 2)
        patch.setattr(careful_csv, "HEADER_WITHIN", 2)
        assert outcome(content, **facts) == whole(monkeypatch, content, **facts)


def test_byte_order_mark_at_the_border_of_a_piece_is_read_as_in_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"Ref,Opened,How,Ward\n" + "\ufeffA1,2025-11-04,Web,A\n".encode() * 9
    with monkeypatch.context() as patch:
        patch.setattr(plain_csv, "_PIECE", 30)
        patch.setattr(plain_csv, "HEADER_WITHIN", 2)
        assert outcome(content, columns=WARD_ONLY) == whole(monkeypatch, content, columns=WARD_ONLY)


def test_words_of_a_header_over_a_line_s_end_are_no_header() -> None:
    columns = {**WARD_ONLY, "record_ref": {"from": "Case Ref"}}
    content = "Case Ref,Opened,How,Ward,Notes\nREF-1,2025-11-04,Web,A,new case\nREF-2,2025-11-04,Web,B,\n"
    assert parsed(content, columns, ignored_columns=["Notes"]).rows_read == 2


def test_broken_letter_in_a_file_with_a_byte_order_mark_spoils_its_cell_only() -> None:
    found = parsed(b"\xef\xbb\xbfRef,Opened,How,Ward\n1,2025-11-04,Web,caf\xe9\n2,2025-11-04,Web,B\n", WARD_ONLY)
    assert found.rows_read == 2
    assert found.table.column("record_ref").to_pylist() == ["1", "2"]
