"""How a CSV text is written is told from its lines, and a last row of totals from one of data."""

from __future__ import annotations

import pytest

from local_digital.parsing import dialect
from local_digital.parsing.dialect import Dialect, guess_dialect, is_total, is_totals_row

COMMA = Dialect(",", '"', None)


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a,b", "1,2"], ","),
        (["a;b", "1;2"], ";"),
        (["a\tb", "1\t2"], "\t"),
        (["a|b", "1|2"], "|"),
        (["a^b", "1^2"], "^"),
        (["a~b", "1~2"], "~"),
        # Nothing cuts them: the first there is.
        (["a", "1"], ","),
        ([], ","),
        # Of commas inside cells there are not as many in every row.
        (["a;b", "1,0;2", "1;2,0,0"], ";"),
        (["a;b", "1,0;2,0", "3,0;4,0", "5;6"], ";"),
        # In quotes they do not count at all.
        (["a|b", '"1,2"|3', '"4,5"|6', '"7,8"|9'], "|"),
        # Blank lines, and a title of one cell, say nothing against a delimiter.
        (["", "a;b", "", "1,0;2", ""], ";"),
        (["Title", "Subtitle", "More", "a,b;c", "1,2;", "3,4"], ","),
        # Of equals, the one that makes more cells, and then the first.
        (["a;b,c;d", "1;2,3;4"], ";"),
        (["a;b,c", "1;2,3"], ","),
        # Four lines alike are more than three, and three of five more than two.
        (["a|b;c", "1|2;3", "4|5;6", "7|8;0;1"], "|"),
        (["a|b;c", "1|2;3;4", "5|6;7", "8;9;0;1", "2"], "|"),
        (["a|b|c;d", "1|2;3", "4|5|6;7"], ";"),
    ],
)
def test_delimiter_is_the_one_that_cuts_most_lines_alike(lines: list[str], delimiter: str) -> None:
    assert guess_dialect([f"{line}\n" for line in lines]) == delimiter


def test_delimiters_in_quotes_count_where_quotes_are_plain_characters() -> None:
    lines = ['"1,2"|3\n', '"4,5,6"|7\n', '"8,9"|0\n']
    assert guess_dialect(lines, quote=None) == "|"
    assert guess_dialect(['"1,2,3"|4\n'] * 3, quote=None) == ","
    assert guess_dialect(['"1,2,3"|4\n'] * 3) == "|"


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("a,b\n", False), ('a,"b"\n', False), ('a,"b\n', True), ('a,"b\nc",d\n', False), ('a,"b\nc,"d\n', False),
        ('a,"b""\n', True), ('a,"b""c"\n', False), ('6" pipe,x\n', False), ('a,"b', True), ('"', True), ("", False),
        ('x\n\n"y', True),
    ],
)  # fmt: skip
def test_quote_that_is_not_closed_is_noticed(text: str, is_open: bool) -> None:
    assert COMMA.is_open(text) is is_open
    assert Dialect(",", None, None).is_open(text) is False


def test_escaped_quote_closes_nothing() -> None:
    escaped = Dialect(",", '"', "\\")
    assert escaped.cells('"a \\"b\\", c",d\n') == ['a "b", c', "d"]
    assert escaped.is_open('"a\\"\n')
    assert not escaped.is_open('"a\\""\n')


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("", []), ("\n", []), ("a,b\n", ["a", "b"]), ('"a,b",c\n', ["a,b", "c"]), ("a,\n", ["a", ""]),
        ("one,1\ntwo,2\n", ["one", "1"]), ('"a\nb",c\n', ["a\nb", "c"]), ("a\u2028b,c\n", ["a\u2028b", "c"]),
    ],
)  # fmt: skip
def test_cells_are_those_of_the_first_row(line: str, cells: list[str]) -> None:
    assert COMMA.cells(line) == cells


def test_cells_beyond_the_most_columns_are_not_listed() -> None:
    assert len(COMMA.cells("," * 4_999)) == 5_000
    assert len(COMMA.cells("," * 5_000)) == 5_001
    assert len(COMMA.cells("," * 9_000)) == 5_001


def test_long_line_of_few_cells_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "ENOUGH", 10)
    assert COMMA.cells("0123456789,after\n") == ["0123456789", "after"]
    assert COMMA.cells("01234,6789\n") == ["01234", "6789"]


@pytest.mark.parametrize(
    ("cell", "alone", "among_blanks"),
    [
        ("Total", True, True), (" GRAND  total: ", True, True), ("Total enquiries", False, True),
        ("Totality", False, False), ("Subtotal", False, False), ("", False, False), ("Total::", True, True),
        ("(2 rows affected)", True, True), ("1,234 records returned.", True, True), ("1 row", True, True),
        ("2 ROWS selected", True, True), ("rows 2", False, False), ("2 rows of 3", False, False), ("12", False, False),
    ],
)  # fmt: skip
def test_totals_and_counts_of_rows_are_known_by_their_first_cell(cell: str, alone: bool, among_blanks: bool) -> None:
    words = ("Total", "grand total")
    assert is_total(cell, words, sparse=False) is alone
    assert is_total(cell, words, sparse=True) is among_blanks


@pytest.mark.parametrize(
    ("row", "is_totals"),
    [
        ([], False), (["", " "], False), (["Total"], True), (["", " ", "Total"], True), (["12", "Total"], False),
        (["Total", "1", "2"], True), (["Total calls", "1", ""], True), (["Total calls", "1", "2"], False),
        (["Total calls", "1", "2", "", "", "", "", "", ""], True),
        (["Total calls", "1", "2", "3", "", "", "", "", ""], False),
        (["Total calls", "1", "2", "", "", "", "", ""], False),
    ],
)  # fmt: skip
def test_row_with_more_words_after_total_is_one_of_totals_only_where_little_else_stands_in_it(
    row: list[str], is_totals: bool
) -> None:
    assert is_totals_row(row, ("total",)) is is_totals
