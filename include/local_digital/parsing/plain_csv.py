"""A CSV whose every line is one row of as many cells as the header has: read in pieces, whatever its size.

Nearly all exports are like that. What is odd in any way raises `Odd`, and `csv.read` takes the file as a whole; of what
is not odd both make the same rows.
"""

from __future__ import annotations

import io
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv

from local_digital.errors import DataError
from local_digital.parsing.csv import blank_rows, header_again, layout, lines_with, telling_names
from local_digital.parsing.decoding import decode
from local_digital.parsing.dialect import is_totals_row
from local_digital.parsing.documents import Document, wrapping
from local_digital.parsing.sections import (
    HEADER_WITHIN,
    MOST_COLUMNS,
    Section,
    Wanted,
    empty_section,
    fold,
    text_table,
    unique_names,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from local_digital.config.formats import CsvFormat
    from local_digital.landing import RawFile

_PIECE = 16 << 20
_LONGEST_LINE = 64 << 20
_ENCODINGS = {"auto": "utf-8", "utf-8": "utf-8", "windows-1252": "windows-1252"}
_BOM = b"\xef\xbb\xbf"


class Odd(Exception):  # noqa: N818 - no error: the other reader's turn
    """The file is not plain, or not surely so."""


class PlainCsv:
    """header: all names of the header, without rows. found: what was found out, complete after the last piece."""

    def __init__(self, file: RawFile, facts: CsvFormat, wanted: Wanted, kept: Collection[str], where: str) -> None:
        """Read the header. kept: the names of the columns that are to be read at all. Raises Odd."""
        if facts.encoding not in _ENCODINGS or not wanted.groups:
            raise Odd
        self._encoding = _ENCODINGS[facts.encoding]
        self._facts = facts
        self._wanted = wanted
        self._pieces = _pieces(file)
        self.found: dict[str, object] = {"encoding": self._encoding, "line_ends": "LF"}
        first = next(self._pieces, b"").removeprefix(_BOM)
        # Where lines are very long: a better header may stand in any of the lines that the other reader looks at.
        while first.count(b"\n") < HEADER_WITHIN and (more := next(self._pieces, None)):
            first += more
        self._first = self._decoded(first)
        if wrapping(self._first):
            raise Odd
        try:
            text = decode(Document("", self._first), "utf-8", where)
            head = [line.decode() for line in islice(io.BytesIO(text.content), HEADER_WITHIN)]
            self._dialect, header = layout(head, facts, wanted, where)
        except DataError:
            raise Odd from None
        if b"\n" not in self._first:
            # Not even the header's line has an end.
            raise Odd
        self.found["delimiter"] = self._dialect.delimiter
        if header is None:
            self._starts, cells = 0, list(facts.names)
        else:
            if len(self._dialect.cells(head[header])) > MOST_COLUMNS:
                raise Odd
            rows = self._dialect.rows(head[header:])
            cells = next(rows)
            self._starts = header + rows.line_num
            if rows.line_num > 1 and self._dialect.is_open("".join(head[header : self._starts])):
                raise Odd
            self.found["header_line"] = header + 1
        if len(cells) > MOST_COLUMNS:
            raise Odd
        self._folded = list(map(fold, cells))
        names, twice = unique_names(cells)
        empty = empty_section(names)
        self.header = Section(names, empty.cells, empty.places, twice=twice)
        known = set(map(fold, kept))
        self._positions = [index for index, name in enumerate(names) if fold(name) in known]
        if not self._positions:
            raise Odd

    def sections(self) -> Iterator[Section]:
        """Return the rows piece by piece, with the kept columns only; at least one piece. Raises Odd."""
        piece = self._first
        for _ in range(self._starts):
            piece = piece[piece.find(b"\n") + 1 or len(piece) :]
        line = self._starts + 1
        last = b""
        while True:
            last = piece or last
            section = self._section(piece, line)
            yield section
            line += len(section.places)
            following = next(self._pieces, None)
            if following is None:
                break
            piece = self._decoded(following)
        self._refuse_odd_end(last)

    def _section(self, piece: bytes, line: int) -> Section:
        names = [self.header.names[index] for index in self._positions]
        if not piece:
            return Section(names, text_table([], len(names)), np.empty(0, np.int64), twice=self.header.twice)
        lines = piece.count(b"\n") + (not piece.endswith(b"\n"))
        cells = self._parsed(piece)
        if cells.num_rows != lines or blank_rows(cells).any() or self._holds_header(piece):
            raise Odd
        if header_again(cells.columns, [self._folded[index] for index in self._positions], lines).any():
            raise Odd
        return Section(names, cells, np.arange(line, line + lines), twice=self.header.twice)

    def _parsed(self, piece: bytes) -> pa.Table:
        positions = [f"c{index}" for index in range(len(self._folded))]
        kept = [positions[index] for index in self._positions]
        try:
            return pa.csv.read_csv(
                pa.py_buffer(piece),
                read_options=pa.csv.ReadOptions(column_names=positions, block_size=len(piece) + 1),
                parse_options=pa.csv.ParseOptions(
                    delimiter=self._dialect.delimiter,
                    quote_char=self._dialect.quote or False,
                    escape_char=self._dialect.escape or False,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                ),
                convert_options=pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(kept, pa.string()), strings_can_be_null=False, include_columns=kept
                ),
            )
        except pa.ArrowInvalid:
            # A row of another width, an open quote.
            raise Odd from None

    def _decoded(self, piece: bytes) -> bytes:
        if piece.startswith(_BOM) or b"\0" in piece or piece.count(b"\r") != piece.count(b"\r\n"):
            raise Odd
        escape = (self._facts.escape or "").encode()
        if escape and (escape + b"\r" in piece or escape + b"\n" in piece):
            # Whether such a line ends depends on how its end is written.
            raise Odd
        if b"\r" in piece:
            self.found["line_ends"] = "CRLF"
        if piece.isascii():
            return piece
        try:
            text = piece.decode(self._encoding)
        except UnicodeDecodeError:
            raise Odd from None
        return piece if self._encoding == "utf-8" else text.encode()

    def _holds_header(self, piece: bytes) -> bool:
        """Say whether one of the lines is a header, the same again or another, as in exports joined together."""
        lowered = piece.lower()
        for name in telling_names(self._wanted):
            # What takes long to look for is looked for where its longest word is.
            if lowered.find(max(name.split(), key=len, default="").lower().encode()) < 0:
                continue
            for start, end in lines_with(piece, name):
                cells = self._dialect.cells(piece[start:end].decode())
                if self._wanted.is_header(cells) or list(map(fold, cells)) == self._folded:
                    return True
        return False

    def _refuse_odd_end(self, piece: bytes) -> None:
        """Leave totals, and a file cut off in the middle of a row, to the other reader."""
        row = piece[piece.rstrip(b"\r\n").rfind(b"\n") + 1 :].decode()
        if self._dialect.is_open(row) or is_totals_row(self._dialect.cells(row), self._facts.totals):
            raise Odd


def _pieces(file: RawFile) -> Iterator[bytes]:
    """Cut a file into pieces of whole lines."""
    rest = b""
    while block := file.read(_PIECE):
        block = rest + block
        end = block.rfind(b"\n") + 1
        rest = block[end:]
        if len(rest) > _LONGEST_LINE:
            raise Odd
        if end:
            yield block[:end]
    if rest:
        yield rest
