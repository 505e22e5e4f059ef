"""The layout of a CSV file, from its first bytes: delimiter, quotes, and the line of the header."""

from __future__ import annotations

import io
import re
from collections import Counter
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from local_digital.errors import DataError
from local_digital.parsing.decoding import decode
from local_digital.parsing.dialect import Dialect, guess_dialect
from local_digital.parsing.documents import Document
from local_digital.profiling.header_row import HEAD_ROWS, header_index

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD_BYTES = 1 << 20
_LONGEST_ROW = 20
# A cell between single quotes, and a quote inside a cell behind a backslash.
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|^~])'[^'\n]*'(?=[,;\t|^~\n]|$)", re.MULTILINE)
_BACKSLASHED = re.compile(r"[^\\]\\\"(?![,;\t|^~\n]|$)", re.MULTILINE)
_DOUBLED = re.compile(r"[^\",;\t|^~\n]\"\"[^\",;\t|^~\n]")


class Layout(NamedTuple):
    """header: the line of the header, from 0, None without one. width: how many cells most rows have."""

    dialect: Dialect
    header: int | None
    width: int

    @property
    def quotes(self) -> dict[str, str]:
        """The keys of a feed's format that differ from what is usual."""
        found = {"quote": self.dialect.quote, "escape": self.dialect.escape}
        return {key: mark for key, mark in found.items() if mark and mark != '"'}


def find_layout(head: bytes, where: str) -> Layout:
    """Find the delimiter, the quotes and the line of the header in the first bytes. Raises DataError for no rows."""
    content = decode(Document("", head), "auto", where).content
    lines = [line.decode() for line in io.BytesIO(content)]
    if len(lines) > 1 and len(head) == HEAD_BYTES:
        lines.pop()
    quote, escape = _quotes(lines)
    delimiter = guess_dialect(lines[:HEAD_ROWS], quote)
    begins, rows = _head_rows(lines, Dialect(delimiter, quote, escape))
    widths = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    width = max(widths.items(), key=lambda item: (item[1], item[0]))[0] if widths else 1
    index = header_index(rows, width)
    whole = width == 1 and all(
        line.strip()[:1] == line.strip()[-1:] == quote and delimiter in line for line in lines if line.strip()
    )
    if width == 1 and (whole or index is None):
        raise DataError(
            where,
            expected="rows of cells",
            found="lines that are quoted as a whole" if whole else "text without any delimiter, as an error message is",
            action="Ask the council for another export.",
        )
    return Layout(Dialect(delimiter, quote, escape), None if index is None else begins[index], width)


def _quotes(lines: Sequence[str]) -> tuple[str, str | None]:
    """Return the character round cells, and the one before a quote inside of them that is not doubled."""
    text = "".join(lines[: HEAD_ROWS * _LONGEST_ROW])
    if len(_SINGLE_QUOTED.findall(text)) * 2 > min(len(lines), HEAD_ROWS * _LONGEST_ROW):
        return "'", None
    return '"', "\\" if _BACKSLASHED.search(text) and not _DOUBLED.search(text) else None


def _head_rows(lines: list[str], dialect: Dialect) -> tuple[list[int], list[list[str]]]:
    """Return the first rows and the line where each begins, from 0."""
    reader = dialect.rows(lines)
    begins, rows = [0], []
    for row in islice(reader, HEAD_ROWS):
        rows.append(row)
        begins.append(reader.line_num)
    long = [row for row, (begin, end) in zip(rows, pairwise(begins), strict=True) if end - begin > _LONGEST_ROW]
    widths = Counter(len(row) for row in rows if row not in long)
    if any(len(row) != widths.most_common(1)[0][0] for row in long if widths):
        # A stray quote, and no cell of many lines: each line is taken for itself.
        lines = lines[:HEAD_ROWS]
        return list(range(len(lines))), [dialect.cells(line) for line in lines]
    return begins[:-1], rows
