"""Names of columns are compared as people read them, and a header is told from a row of data."""

from __future__ import annotations

import numpy as np
import pytest

from local_digital.errors import DataError
from local_digital.parsing.decoding import SEND_AGAIN
from local_digital.parsing.sections import (
    Section,
    Wanted,
    empty_section,
    find_header,
    fold,
    refuse_too_wide,
    text_table,
    unique_names,
    without,
)

WANTED = Wanted.of(["Ref", "Case ref", "Opened", "Ward"], [["Ref", "Case  REF"], ["Opened"]])


@pytest.mark.parametrize(
    ("name", "folded"),
    [(" Case\t REF ", "case ref"), ("\ufeffRef", "ref"), ("Re\u200bf", "ref"), ("STRASSE", "strasse"),
        ("Straße", "strasse")],
)  # fmt: skip
def test_names_are_compared_without_case_marks_and_extra_space(name: str, folded: str) -> None:
    assert fold(name) == folded


@pytest.mark.parametrize(
    ("cells", "hits", "is_header"),
    [
        (["Ref", "Opened"], 2, True),
        (["case ref", "OPENED ", "", " "], 2, True),
        (["Ref", "Opened", "x", "y"], 2, True),
        (["Ref", "Opened", "x", "y", "z"], 2, False),
        (["Ref", "Ward"], 2, False),
        (["Opened", "Ward"], 2, False),
        (["Ref"], 1, False),
        (["Ref", "Ref", "ref"], 1, False),
        ([], 0, False),
    ],
)
def test_header_names_every_required_field_and_little_else(cells: list[str], hits: int, is_header: bool) -> None:
    assert WANTED.hits(cells) == hits
    assert WANTED.is_header(cells) is is_header


def test_one_name_alone_makes_no_header_even_where_nothing_more_is_required() -> None:
    one = Wanted.of(["Ref", "Ward"], [["Ref"]])
    assert not one.is_header(["Ref"])
    assert one.is_header(["Ref", "Ward"])


def test_header_is_the_row_with_most_names_and_the_first_of_equals() -> None:
    rows = [["Title"], ["Ref", "x"], ["Ref", "Ward"], ["Opened", "Ref"], []]
    assert find_header(rows, WANTED) == (2, 2)
    assert find_header(rows[:1], WANTED) == (0, 0)
    assert find_header([], WANTED) == (0, 0)


@pytest.mark.parametrize(
    ("cells", "names", "twice"),
    [
        (["Ref", "Ward"], ["Ref", "Ward"], set()),
        (["\ufeffRef", " Ward  name"], ["Ref", "Ward name"], set()),
        (["Date", "Ref", "DATE", "date"], ["Date (1)", "Ref", "DATE (2)", "date (3)"], {"date"}),
        (["", "Ref", " "], ["column 1", "Ref", "column 3"], set()),
        (["a", "b", "a", "b"], ["a (1)", "b (1)", "a (2)", "b (2)"], {"a", "b"}),
        ([], [], set()),
    ],
)  # fmt: skip
def test_names_that_come_again_are_numbered_and_blank_ones_called_by_their_place(
    cells: list[str], names: list[str], twice: set[str]
) -> None:
    assert unique_names(cells) == (names, frozenset(twice))


def test_five_thousand_columns_are_taken_and_one_more_is_refused() -> None:
    refuse_too_wide([""] * 5000, "here")
    with pytest.raises(DataError) as refused:
        refuse_too_wide([""] * 5001, "here")
    assert str(refused.value) == f"here: expected at most 5,000 columns; found more. {SEND_AGAIN}"


def test_table_has_all_its_columns_even_without_rows() -> None:
    assert text_table([["a", "b"], ["c", "d"]], 2).to_pydict() == {"c0": ["a", "c"], "c1": ["b", "d"]}
    empty = empty_section(["Ref", "Ward"])
    assert (empty.names, empty.cells.to_pydict()) == (["Ref", "Ward"], {"c0": [], "c1": []})
    assert {str(kind) for kind in empty.cells.schema.types} == {"string"}
    assert (empty.places.tolist(), str(empty.places.dtype)) == ([], "int64")
    assert (empty.ragged, empty.native_dates, empty.twice) == ([], False, frozenset())


def test_section_without_some_rows_is_the_same_otherwise() -> None:
    places = np.array([2, 3, 4])
    section = Section(["Ref"], text_table([["1"], ["2"], ["3"]], 1), places, [9], True, frozenset({"x"}))
    left = without(section, np.array([False, True, False]))
    assert (left.cells.to_pydict(), left.places.tolist()) == ({"c0": ["1", "3"]}, [2, 4])
    assert (left.names, left.ragged, left.native_dates, left.twice) == (["Ref"], [9], True, frozenset({"x"}))
    assert without(section, np.zeros(3, dtype=bool)) is section


def test_first_of_two_columns_whose_names_compare_equal_is_taken() -> None:
    section = Section(["WARD", "wARD", "Ref"], text_table([["1", "2", "3"]], 3), np.array([2]))
    found = {name: section.column(name) for name in ("Ward", "wARD", "WARD", "REF", "x")}
    assert {name: column and column.to_pylist() for name, column in found.items()} == {
        "Ward": ["1"], "wARD": ["2"], "WARD": ["1"], "REF": ["3"], "x": None,
    }  # fmt: skip
