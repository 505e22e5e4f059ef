"""Rows that are kept in columns are the same rows, whatever they come from and however few values they share."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_digital.site.rows import Cells, Rows

texts = st.sampled_from(["a", "b", "", "é"]) | st.none()
numbers = st.none() | st.integers(-5, 5)
tables = st.lists(st.tuples(texts, texts, numbers), max_size=8)
NAMES = ("one", "other", "number")


def arrow(rows: list[tuple[Any, ...]], *, encoded: bool) -> Rows:
    """Rows of an Arrow table. encoded: its texts are in dictionaries, as a file may give them."""
    columns = [pa.array([row[index] for row in rows], pa.int64() if index == 2 else pa.string()) for index in range(3)]
    if encoded:
        columns = [column if index == 2 else column.dictionary_encode() for index, column in enumerate(columns)]
    return Rows.of(pa.table(dict(zip(NAMES, columns, strict=True))))


@given(tables, st.booleans())
def test_rows_of_an_arrow_table_come_out_as_they_went_in(rows: list[tuple[Any, ...]], encoded: bool) -> None:
    found = arrow(rows, encoded=encoded)
    assert list(found.tuples(*NAMES)) == rows
    assert len(found) == len(rows)
    assert found.present("one") == list(dict.fromkeys(row[0] for row in rows))


def test_rows_of_a_frame_come_out_as_they_went_in_lists_too() -> None:
    frame = pd.DataFrame({"who": ["a", "b", "a"], "day": [dt.date(2026, 1, 5)] * 3, "marks": [["x"], [], ["x", "y"]],
                          "share": [0.5, None, 1.0]})  # fmt: skip
    found = Rows.of(frame)
    assert list(found.tuples("who", "day", "marks", "share")) == [
        ("a", dt.date(2026, 1, 5), ["x"], 0.5), ("b", dt.date(2026, 1, 5), [], None),
        ("a", dt.date(2026, 1, 5), ["x", "y"], 1.0),
    ]  # fmt: skip


@given(tables)
def test_column_that_has_one_value_in_all_rows_is_a_column_like_others(rows: list[tuple[Any, ...]]) -> None:
    found = arrow(rows, encoded=False).also(all="x")
    assert "all" in found
    assert found.listed("all") == ["x"] * len(rows)
    assert found.present("all") == (["x"] if rows else [])
    assert found.where("all", "x", "y").listed("one") == found.listed("one")
    assert list(found.where("all", "y").tuples("all", "one")) == []
    assert found.where("one", "a").listed("all") == ["x"] * [row[0] for row in rows].count("a")


@given(tables)
def test_column_that_follows_from_two_follows_from_them_row_by_row(rows: list[tuple[Any, ...]]) -> None:
    found = arrow(rows, encoded=False).also(all="x")

    def together(one: str, other: str) -> list[Any]:
        return found.also(both=found.paired(one, other, lambda first, second: (first, second))).listed("both")

    assert together("one", "other") == [(row[0], row[1]) for row in rows]
    assert together("all", "other") == [("x", row[1]) for row in rows]
    assert together("one", "all") == [(row[0], "x") for row in rows]
    assert together("all", "all") == [("x", "x")] * len(rows)


def test_numbers_are_not_taken_for_words() -> None:
    found = arrow([("a", "b", 1)], encoded=False)
    with pytest.raises(TypeError, match="the column number holds numbers"):
        found.cells("number")
    assert found.only(np.array([False])).listed("number") == []
    assert Rows.empty("one").listed("one") == []
    assert Cells(["a", "b"], np.array([1, 0])).mapped(str.upper).each == ["A", "B"]
