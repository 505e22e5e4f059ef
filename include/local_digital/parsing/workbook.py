"""A sheet of an Excel workbook as a section of text cells; dates come as dates and stand in ISO form."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from local_digital.errors import DataError, TransportError
from local_digital.parsing import sheet_process
from local_digital.parsing.decoding import SEND_AGAIN
from local_digital.parsing.dialect import is_totals_row
from local_digital.parsing.sections import (
    HEADER_WITHIN,
    Reading,
    Section,
    Wanted,
    find_header,
    fold,
    refuse_too_wide,
    text_table,
    unique_names,
)
from local_digital.parsing.values import shown
from local_digital.places import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_digital.config.formats import XlsxFormat
    from local_digital.parsing.documents import Document

_MAGIC = b"PK\x03\x04"
# What often comes under the name of a workbook, by its first bytes.
_MISTAKEN = {
    b"\xd0\xcf\x11\xe0": "an Excel file of before 2007 (.xls), or one with a password",
    b"%PDF": "a PDF",
    b"<": "a web page or XML",
}


def read(number: int, document: Document, facts: XlsxFormat, wanted: Wanted, where: str) -> Reading:
    """Read one sheet. number: the document's position in the delivery.

    Raises DataError when it is no workbook, or has no such sheet or no known column.
    """
    rows, sheet = _rows(document.content, facts.sheet, where)
    found: dict[str, object] = {"sheet": shown(sheet)}
    if facts.names:
        names, begins = list(facts.names), 0
    else:
        begins = _header(rows, facts, wanted, where)
        found["header_line"] = begins
        names = rows[begins - 1]
        while names and not names[-1].strip():
            names = names[:-1]
    refuse_too_wide(names, where)
    unique, twice = unique_names(names)
    header = [fold(name) for name in names]
    width = len(unique)
    kept: list[list[str]] = []
    places: list[int] = []
    ragged: list[int] = []
    repeated = 0
    for line, row in enumerate(rows[begins:], begins + 1):
        if not any(cell.strip() for cell in row):
            continue
        if [fold(cell) for cell in row[:width]] == header:
            repeated += 1
        elif any(cell.strip() for cell in row[width:]):
            ragged.append(place(number, line))
        else:
            kept.append((row + [""] * width)[:width])
            places.append(place(number, line))
    totals = 0
    while kept and is_totals_row(kept[-1], facts.totals):
        kept.pop()
        places.pop()
        totals += 1
    found |= {key: count for key, count in (("repeated_headers", repeated), ("totals_rows", totals)) if count}
    section = Section(unique, text_table(kept, width), np.array(places, np.int64), ragged, True, twice)
    return Reading([section], found)


def sheet_rows(content: bytes, sheet: str, where: str) -> list[list[str]]:
    """Return the rows of a sheet as text from A1 to the last cell, blank ones without cells. Raises DataError."""
    return _rows(content, sheet, where)[0]


def sheet_names(content: bytes, where: str) -> list[str]:
    """Return the names of a workbook's sheets. Raises DataError, and TransportError where the disk is full."""
    return _printed(content, [], where)


def _rows(content: bytes, sheet: str, where: str) -> tuple[list[list[str]], str]:
    names = sheet_names(content, where)
    chosen = next((index for index, name in enumerate(names) if fold(name) == fold(sheet)), None)
    if chosen is None and sheet.isdigit() and 1 <= int(sheet) <= len(names):
        chosen = int(sheet) - 1
    if chosen is None:
        raise _rejected(where, f"a sheet `{sheet}`", f"{len(names)} sheets, none of them so")
    return _printed(content, [str(chosen)], where), names[chosen]


def _printed(content: bytes, arguments: list[str], where: str) -> list[Any]:
    """Return what `sheet_process` prints, each line of it."""
    if not content.startswith(_MAGIC):
        begins = content[:100].lstrip(b"\xef\xbb\xbf\r\n\t ")
        found = next((said for magic, said in _MISTAKEN.items() if begins.startswith(magic)), "a file of another kind")
        raise _rejected(where, "an Excel workbook (.xlsx)", found if content else "an empty file")
    with tempfile.TemporaryFile(prefix="local-digital-") as lines:
        done = subprocess.run(  # noqa: S603 - our own program, no shell, and its arguments are a number
            [sys.executable, "-P", sheet_process.__file__, *arguments],
            input=content, stdout=lines, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        if done.returncode == sheet_process.DAMAGED:
            raise _rejected(where, "an Excel workbook (.xlsx)", "one that is damaged or cut off")
        if done.returncode == sheet_process.TOO_LARGE or done.returncode < 0:
            most = f"a sheet of at most {sheet_process.MOST_CELLS:,} cells from A1 to its last, that fits in 4 GiB"
            raise _rejected(where, most, "a larger one")
        if done.returncode == sheet_process.NO_ROOM:
            raise TransportError(
                where, expected="room for temporary files", found="none",
                action="It is tried again; if it lasts, those who run this pipeline should make room.",
            )  # fmt: skip
        done.check_returncode()
        lines.seek(0)
        return [json.loads(line) for line in lines]


def _header(rows: Sequence[Sequence[str]], facts: XlsxFormat, wanted: Wanted, where: str) -> int:
    """Return the header's line, counted from 1."""
    if facts.header_line:
        index = facts.header_line - 1
        hits = wanted.hits(rows[index]) if index < len(rows) else 0
    else:
        index, hits = find_header(rows[:HEADER_WITHIN], wanted)
    if hits == 0:
        raise DataError(
            where,
            expected="a header with the columns of the feed's mapping",
            found=f"none in the first rows of the sheet, which has {len(rows)} rows",
            action="Check sheet and header with the council, then mend the export or the council's file.",
        )
    return index + 1


def _rejected(where: str, expected: str, found: str) -> DataError:
    return DataError(where, expected=expected, found=found, action=SEND_AGAIN)
