"""The documents of a delivery are read one after another, and each row keeps its place."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import Workbook

from local_digital.config.formats import CsvFormat, TreeFormat, XlsxFormat
from local_digital.errors import DataError
from local_digital.parsing.documents import Document
from local_digital.parsing.reading import read

NAMES = {"Ward", "Ref", "Opened"}
GROUPS = [("Ref",)]
XLSX = XlsxFormat(kind="xlsx")


def workbook(*rows: list[Any]) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(row)  # type: ignore[union-attr]
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


NORTH, SOUTH = ([["Ref", "Ward"], [ref, "A"]] for ref in ("1", "2"))


def as_csv(rows: list[list[str]]) -> bytes:
    return "".join(f"{','.join(row)}\n" for row in rows).encode()


@pytest.mark.parametrize("facts", [CsvFormat(), XLSX])
def test_delivery_without_documents_has_every_column_and_no_rows(facts: Any) -> None:
    reading = read([], facts, NAMES, GROUPS, "here")
    (section,) = reading.sections
    assert (section.names, section.cells.num_rows) == (["Opened", "Ref", "Ward"], 0)
    assert (reading.found, reading.notes) == ({"documents": 0}, [])


@pytest.mark.parametrize(
    ("facts", "made", "found"),
    [
        (CsvFormat(), as_csv, {"encoding": "utf-8", "line_ends": "LF", "delimiter": ",", "header_line": 1}),
        (XLSX, lambda rows: workbook(*rows), {"sheet": "Sheet", "header_line": 1}),
    ],
    ids=["csv", "xlsx"],
)
def test_rows_of_a_second_document_come_after_those_of_the_first(facts: Any, made: Any, found: Any) -> None:
    one = read([Document("", made(NORTH))], facts, NAMES, GROUPS, "here")
    assert ([section.places.tolist() for section in one.sections], one.found) == ([[2]], found)
    both = read([Document("n", made(NORTH)), Document("s", made(SOUTH))], facts, NAMES, GROUPS, "here")
    assert [section.cells.to_pydict() for section in both.sections] == [
        {"c0": ["1"], "c1": ["A"]}, {"c0": ["2"], "c1": ["A"]},
    ]  # fmt: skip
    assert [section.places.tolist() for section in both.sections] == [[2], [1_000_000_002]]
    assert both.found == {**found, "documents": 2}


def test_rows_of_another_width_and_notes_are_those_of_all_documents() -> None:
    spoilt = "Ref,Ward\n1,Tŷ\n2,B,C\n3,D\n".encode() + b"4,\xa3\n"
    reading = read([Document("n", spoilt), Document("s", spoilt)], CsvFormat(), NAMES, GROUPS, "here")
    assert [section.ragged for section in reading.sections] == [[3], [1_000_000_003]]
    assert reading.notes == ["1 bytes were not UTF-8 and read as Windows-1252"] * 2


@pytest.mark.parametrize("facts", [CsvFormat(), XLSX])
def test_refusal_names_the_document_where_there_is_a_name(facts: Any) -> None:
    good = as_csv(NORTH) if isinstance(facts, CsvFormat) else workbook(*NORTH)
    bad = b"x,y\n1,2\n" if isinstance(facts, CsvFormat) else workbook(["x", "y"])
    with pytest.raises(DataError, match=r"^here: south: expected a header with the columns of the feed's mapping;"):
        read([Document("north", good), Document("south", bad)], facts, NAMES, GROUPS, "here")
    with pytest.raises(DataError, match=r"^here: expected a header with"):
        read([Document("", bad)], facts, NAMES, GROUPS, "here")


def test_trees_are_read_by_their_own_names() -> None:
    reading = read([Document("a", b'[{"Ref": 1}]')], TreeFormat(kind="json"), ["Ref"], GROUPS, "here")
    assert reading.sections[0].cells.to_pydict() == {"c0": ["1"]}
    with pytest.raises(DataError, match=r"^here: expected JSON;"):
        read([Document("a", b"<x/>")], TreeFormat(kind="json"), ["Ref"], GROUPS, "here")
