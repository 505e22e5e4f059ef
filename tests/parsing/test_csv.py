"""A CSV written by anybody's standard writer is read back cell by cell, with the right line numbers."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from local_digital.config.models import CsvFormat
from local_digital.parsing.csv import read

NAMES = ["Case Ref", "Ward", "Notes"]
cells = st.text(
    st.characters(codec="windows-1252", exclude_categories=["Cc", "Cs"]) | st.sampled_from('\n",;\t'), max_size=20
).map(str.strip)
tables = st.lists(st.tuples(st.from_regex(r"[A-Z]{2}[0-9]{1,6}", fullmatch=True), cells, cells), max_size=20)


@given(tables, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8", "windows-1252", "utf-16"]),
       st.sampled_from(["\r\n", "\n"]))  # fmt: skip
def test_any_table_in_any_dialect_is_read_back(
    rows: list[tuple[str, str, str]], delimiter: str, encoding: str, ending: str
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=ending)
    writer.writerow(NAMES)
    starts = []
    for line in rows:
        starts.append(len(written.getvalue().replace("\r\n", "\n").split("\n")))
        writer.writerow(line)
    found = read(
        written.getvalue().encode(encoding), CsvFormat(encoding=encoding, delimiter=delimiter), NAMES, (), "here"
    )
    assert list(zip(*(found.columns[name].to_pylist() for name in NAMES), strict=True)) == rows
    assert list(found.lines) == starts
    assert found.ragged == []


def test_columns_nobody_asked_for_are_named_and_not_read() -> None:
    found = read(b"Case Ref,Email\n1,a@example.org\n", CsvFormat(), ["Case Ref", "Ward"], (), "here")
    assert (found.unknown, found.absent, list(found.columns)) == (["Email"], ["Ward"], ["Case Ref"])


def test_blank_lines_are_no_rows_and_still_count_as_lines() -> None:
    found = read(b"Case Ref,Ward\n1,A\n\n,\n2,B\n", CsvFormat(), ["Case Ref"], (), "here")
    assert list(found.lines) == [2, 5]
