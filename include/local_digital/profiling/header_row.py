"""Which row of a table is its header, told from rows of data: no cell of a person must pass for a name."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from local_digital.parsing.sections import fold
from local_digital.profiling.date_shapes import formats_of
from local_digital.profiling.vocabulary import HEADERS
from local_digital.profiling.words import header_score, service_score

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD_ROWS = 60
_HEADER_WIDTH_SHARE = 0.5
_SAME_HEADER_SHARE = 0.8
_LONGEST_NAME = 80
_LOOKS_PERSONAL = re.compile(r"@|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", re.IGNORECASE)
KNOWN_NAME = 0.9


def header_index(rows: Sequence[Sequence[str]], width: int) -> int | None:
    """Return the index of the first row that names columns; None when the export has no header."""
    for index, row in enumerate(rows):
        cells = without_blank_end(row)
        # A row under another delimiter at its end is as wide; a title above the header is narrower.
        if len(row) != width and len(cells) != width and not (len(cells) > 1 and abs(len(row) - width) == 1):
            continue
        return index if is_header(cells, width, rows[index + 1 :]) else None
    return None


def without_blank_end(row: Sequence[str]) -> list[str]:
    """Return the trimmed cells of a row, up to the last that is filled."""
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def is_header(cells: Sequence[str], width: int, below: Sequence[Sequence[str]]) -> bool:
    """Say whether a row names columns. width: of the table. below: the rows after it."""
    filled = [cell for cell in cells if cell]
    if not filled or len(filled) < width * _HEADER_WIDTH_SHARE:
        return False
    # The same header may come again; it is no row of data. Rows of data may well share most words with the first one.
    rows = [row for row in below if sum(map(_is_same, row, cells)) < len(filled) * _SAME_HEADER_SHARE]
    columns = [[row[index].strip() for row in rows if index < len(row)] for index in range(len(cells))]
    pairs = [(cell, column) for cell, column in zip(cells, columns, strict=True) if cell]
    # `Library` and `Issued` are names of columns, and words in cells where they come again below.
    known = sum(_is_known_name(cell) and cell not in column for cell, column in pairs)
    if any(_is_data(cell, column) for cell, column in pairs) and known * 2 < len(filled):
        return False
    if not rows:
        return known > 0
    again = any(cell in column for cell, column in pairs)
    if known > 1:
        return not again or known * 2 >= len(filled)
    # Hardly a name that is known. Taking a row of data for the header would show its cells, so more must speak for it:
    # no cell comes again below, as categories do, and in some column the cells below are of another kind.
    return not again and any(_differs(cell, column) for cell, column in pairs)


def _is_same(one: str, other: str) -> bool:
    return bool(other) and fold(one) == fold(other)


def _is_known_name(cell: str) -> bool:
    fits = max(*(header_score(name, cell) for name in HEADERS), service_score(cell))
    return fits >= KNOWN_NAME and not _is_data(cell, ())


def _is_data(cell: str, column: Sequence[str]) -> bool:
    """Say whether a cell of what may be the header is data, like the cells below it; alone where these are blank.

    A year or a month may well be a column's name: above counts, or among other words.
    """
    if len(cell) > _LONGEST_NAME or _LOOKS_PERSONAL.search(cell):
        return True
    kind, usual = _kind_of(cell), _usual_kind(column)
    return kind == usual or (not usual and kind in {"date", "number"}) if kind else False


def _differs(cell: str, column: Sequence[str]) -> bool:
    """Say whether the cells below are dates, numbers or codes for the most part, and this one is none."""
    usual = _usual_kind(column)
    return bool(usual) and _kind_of(cell) != usual and (not re.search(r"\d", cell) or _kind_of(cell) == "date")


def _usual_kind(column: Sequence[str]) -> str:
    filled = [_kind_of(cell) for cell in column if cell]
    kind, often = Counter(filled).most_common(1)[0] if filled else ("", 0)
    if kind and often * 2 <= len(filled):
        # Codes of many shapes.
        return next((kind for kind in ("date", "number") if filled.count(kind) * 2 > len(filled)), "")
    return kind


def _kind_of(cell: str) -> str:
    """Return `date`, `number`, the shape of a text with digits in it, or nothing for one without."""
    if formats_of(cell, numbers=False):
        return "date"
    if re.fullmatch(r"[\d.,:/\- ]+", cell):
        return "number"
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d", "9", cell)) if re.search(r"\d", cell) else ""
