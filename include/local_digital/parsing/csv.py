"""A CSV export as sections of text cells. Nothing about it is taken for granted, and no row of it is lost.

Arrow parses the bulk; what it turns down, and every row that runs over several lines, is looked at again line by line,
since a single stray quote makes a parser take whole rows for the inside of one cell.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from local_digital.errors import DataError
from local_digital.parsing.decoding import SEND_AGAIN, decode
from local_digital.parsing.sections import (
    Places,
    Reading,
    Section,
    Wanted,
    find_header,
    fold,
    text_table,
    unique_names,
    without,
)
from local_digital.places import place

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterable, Sequence

    from local_digital.config.formats import CsvFormat
    from local_digital.parsing.documents import Document

DELIMITERS = (",", ";", "\t", "|", "^", "~")
_HEADER_WITHIN = 60
_BLOCK = 16 << 20
_LARGEST_BLOCK = 2**31 - 1
_SHAPES_FROM = 2000
_FOOTER = re.compile(r"^\(?\d[\d,]* (rows?|records?)( affected| selected| returned)?\)?\.?$", re.IGNORECASE)
csv.field_size_limit(_LARGEST_BLOCK)


class Dialect(NamedTuple):
    delimiter: str
    quote: str | None
    escape: str | None

    def rows(self, lines: Iterable[str]) -> Reader:
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape,
            strict=False,
        )

    def cells(self, line: str) -> list[str]:
        """Return the cells of one line taken for itself."""
        return next(self.rows([line]), [])

    def is_open(self, line: str) -> bool:
        """Say whether a quote in this line is not closed in it."""
        return self.quote is not None and self.escape is None and line.count(self.quote) % 2 == 1


def read(number: int, document: Document, facts: CsvFormat, wanted: Wanted, where: str) -> Reading:
    """Read one document. number: its position in the delivery.

    Raises DataError when it is no such CSV at all: empty, a web page, another encoding, no known column, cut off.
    """
    text = decode(document, facts.encoding, where)
    head = [line.decode() for line in islice(io.BytesIO(text.content), _HEADER_WITHIN)]
    dialect, header = _layout(head, facts, wanted, where)
    lines = _Lines(text.content)
    sections = []
    notes: list[str] = []
    repeated = 0
    for start, names, end in _stretches(lines, dialect, header, facts, wanted):
        section = _Stretch(lines, dialect, facts, wanted, names, where).read(start, end)
        section, again = _without_repeated_headers(section, names)
        repeated += again
        sections.append(
            Section(
                section.names, section.cells, section.places + place(number, 0),
                [place(number, line) for line in section.ragged], twice=section.twice,
            )
        )  # fmt: skip
    sections[-1], totals = _without_totals(sections[-1], facts.totals)
    found = {**text.found, "delimiter": dialect.delimiter}
    if header is not None:
        found["header_line"] = header + 1
    if repeated:
        found["repeated_headers"] = repeated
    if totals:
        found["totals_rows"] = totals
    if text.mended:
        notes.append(f"{text.mended} bytes were not UTF-8 and read as Windows-1252")
    return Reading(sections, found, notes)


def guess_dialect(lines: Sequence[str], quote: str | None = '"') -> str:
    """Return the delimiter that cuts most of these lines into the same number of cells, more than one."""
    scores = {}
    for delimiter in DELIMITERS:
        widths = Counter(len(row) for row in Dialect(delimiter, quote, None).rows(lines) if row)
        width, often = max(widths.items(), key=lambda item: (item[1] if item[0] > 1 else 0, item[0]), default=(1, 0))
        scores[delimiter] = (often / max(1, widths.total()), width) if width > 1 else (0.0, 0)
    return max(scores, key=lambda delimiter: scores[delimiter])


def _layout(head: list[str], facts: CsvFormat, wanted: Wanted, where: str) -> tuple[Dialect, int | None]:
    """Return the dialect and the index of the header's line, None when the council's file gives the names."""
    quote = None if facts.quote == "none" else facts.quote
    dialects = [
        Dialect(delimiter, quote, facts.escape)
        for delimiter in (DELIMITERS if facts.delimiter == "auto" else (facts.delimiter,))
    ]
    if facts.names:
        fitting = Counter(
            dialect for dialect in dialects for line in head if len(dialect.cells(line)) == len(facts.names)
        )
        return (fitting.most_common(1)[0][0] if fitting else dialects[0]), None
    best: tuple[int, Dialect, int] | None = None
    for dialect in dialects:
        first = facts.header_line - 1 if facts.header_line else 0
        rows = [dialect.cells(line) for line in head[first : facts.header_line or len(head)]]
        index, hits = find_header(rows, wanted)
        if best is None or hits > best[0]:
            best = hits, dialect, first + index
    if best is None or best[0] == 0:
        cells = len(dialects[0].cells(head[0])) if head else 0
        # Without one known name the first line may well be data, and then it must not be shown.
        raise DataError(
            where,
            expected="a header with the columns of the feed's mapping",
            found=f"none in the first lines; the first has {cells} cells",
            action="Check delimiter and header with the council, then mend the export or the council's file.",
        )
    return best[1], best[2]


def _stretches(
    lines: _Lines, dialect: Dialect, header: int | None, facts: CsvFormat, wanted: Wanted
) -> list[tuple[int, list[str], int | None]]:
    """Return (first line, names, line after the last) of every stretch of rows under one header; lines from 0."""
    if header is None:
        return [(0, list(facts.names), None)]
    stretches: list[tuple[int, list[str], int | None]] = []
    for line in [header, *_further_headers(lines, dialect, header, wanted)]:
        rows = dialect.rows(io.TextIOWrapper(io.BytesIO(lines.between(line, None)), "utf-8", newline="\n"))
        names = next(rows)
        if stretches:
            start, before, _ = stretches[-1]
            if list(map(fold, before)) == list(map(fold, names)):
                # The same header again is taken out among the rows, where it is counted.
                continue
            stretches[-1] = (start, before, line)
        stretches.append((line + rows.line_num, names, None))
    return stretches


def _further_headers(lines: _Lines, dialect: Dialect, header: int, wanted: Wanted) -> list[int]:
    """Return the lines below the first header that name every required field, as in exports joined together."""
    if not wanted.groups:
        return []
    # Only lines that hold the rarest-looking required name are worth parsing: the longest.
    group = max(wanted.groups, key=lambda names: min(map(len, names), default=0))
    content = lines.content
    found = set()
    for name in group:
        pattern = re.compile(re.escape(name.encode()).replace(rb"\ ", rb"\s+"), re.IGNORECASE)
        end = 0
        while match := pattern.search(content, end):
            start = content.rfind(b"\n", 0, match.start()) + 1
            stop = content.find(b"\n", match.end())
            end = len(content) if stop < 0 else stop
            if wanted.is_header(dialect.cells(content[start:end].decode())):
                found.add(content.count(b"\n", 0, start))
    return sorted(line for line in found if line > header)


class _Lines:
    """The lines of a text, counted from 0."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @cached_property
    def _starts(self) -> Places:
        ends = np.flatnonzero(np.frombuffer(self.content, np.uint8) == ord("\n")) + 1
        starts = np.concatenate(([0], ends))
        return starts[:-1] if starts[-1] == len(self.content) else starts

    def between(self, first: int, end: int | None) -> bytes:
        """Return the lines [first, end), to the last one without an end."""
        return self.content[self._start(first) : len(self.content) if end is None else self._start(end)]

    def _start(self, line: int) -> int:
        return int(self._starts[line]) if line < len(self._starts) else len(self.content)


@dataclass
class _Ragged:
    line: int
    cells: list[str]
    text: str


class _Stretch:
    """Reads the rows between two headers."""

    def __init__(
        self, lines: _Lines, dialect: Dialect, facts: CsvFormat, wanted: Wanted, names: list[str], where: str
    ) -> None:
        self._lines = lines
        self._dialect = dialect
        self._facts = facts
        self._wanted = wanted
        self._names, self._twice = unique_names(names)
        self._where = where

    def read(self, start: int, end: int | None) -> Section:
        """Read the lines [start, end), counted from 0."""
        body = self._lines.between(start, end)
        self._widen(body)
        cells, lines, ragged = self._parse(body, start + 1)
        cells, lines, ragged = self._rescued(cells, lines, ragged)
        self._refuse_cut_off(body, lines, ragged, end)
        section = Section(self._names, cells, lines, sorted(row.line for row in ragged), twice=self._twice)
        return without(section, _blank(cells, len(lines)))

    def _widen(self, body: bytes) -> None:
        """Give the header the nameless columns that every row closes with, as exports with a delimiter at the end have."""
        sample = [self._dialect.cells(line.decode()) for line in islice(io.BytesIO(body), 20)]
        sample = [row for row in sample if row]
        width = len(self._names)
        longer = [row for row in sample if len(row) > width and not any(cell.strip() for cell in row[width:])]
        if longer and len(longer) > len(sample) / 2:
            self._names += [f"column {index + 1}" for index in range(width, len(longer[0]))]

    def _parse(self, body: bytes, first_line: int) -> tuple[pa.Table, Places, list[_Ragged]]:
        width = len(self._names)
        positions = [f"c{index}" for index in range(width)]
        if not body.strip():
            return text_table([], width), np.empty(0, np.int64), []
        turned_down: list[tuple[int, str]] = []

        def skip(row: pa.csv.InvalidRow) -> str:
            turned_down.append((int(row.number), row.text))
            return "skip"

        dialect = self._dialect
        try:
            table = pa.csv.read_csv(
                io.BytesIO(body),
                # One thread: only then are the numbers of ragged rows known.
                read_options=pa.csv.ReadOptions(
                    use_threads=False, column_names=positions, block_size=min(_LARGEST_BLOCK, max(_BLOCK, len(body)))
                ),
                parse_options=pa.csv.ParseOptions(
                    delimiter=dialect.delimiter,
                    quote_char=dialect.quote or False,
                    escape_char=dialect.escape or False,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=skip,
                ),
                convert_options=pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(positions, pa.string()), strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid:
            return self._parse_slowly(body, first_line)
        lines, ragged_lines = _line_numbers(table, turned_down, first_line)
        ragged = [
            _Ragged(line, self._cells_of(row), row) for line, (_, row) in zip(ragged_lines, turned_down, strict=True)
        ]
        return table, lines, ragged

    def _cells_of(self, row: str) -> list[str]:
        return next(self._dialect.rows(row.splitlines(keepends=True)), [])

    def _parse_slowly(self, body: bytes, first_line: int) -> tuple[pa.Table, Places, list[_Ragged]]:
        """For what Arrow gives up on: an open quote at the end, above all."""
        rows: list[list[str]] = []
        lines: list[int] = []
        ragged: list[_Ragged] = []
        reader = self._dialect.rows(io.TextIOWrapper(io.BytesIO(body), "utf-8", newline="\n"))
        begins = 0
        for cells in reader:
            if len(cells) == len(self._names):
                rows.append(cells)
                lines.append(first_line + begins)
            elif cells:
                text = b"".join(islice(io.BytesIO(body), begins, reader.line_num)).decode()
                ragged.append(_Ragged(first_line + begins, cells, text))
            begins = reader.line_num
        return text_table(rows, len(self._names)), np.array(lines, np.int64), ragged

    def _rescued(self, cells: pa.Table, lines: Places, ragged: list[_Ragged]) -> tuple[pa.Table, Places, list[_Ragged]]:
        """Look again at rows over several lines and at rows of another width; put what is found in its place."""
        breaks = _breaks(cells)
        swallowed = np.zeros(len(lines), dtype=bool)
        more: list[tuple[int, list[str]]] = []
        still: list[_Ragged] = []
        shapes = self._shapes(cells)
        for index in np.flatnonzero(breaks):
            physical = self._physical(int(lines[index]), int(breaks[index]))
            if self._holds_rows(physical, shapes):
                swallowed[index] = True
                self._one_by_one(int(lines[index]), physical, more, still)
        for row in ragged:
            physical = row.text.rstrip("\n").split("\n")
            if len(physical) > 1 and self._holds_rows(physical, shapes):
                self._one_by_one(row.line, physical, more, still)
            elif (fitted := self._fitted(row.cells)) is not None:
                more.append((row.line, fitted))
            else:
                still.append(row)
        if not more and not swallowed.any():
            return cells, lines, still
        kept = cells.filter(pa.array(~swallowed))
        joined = pa.concat_tables([kept, text_table([found for _, found in more], len(self._names))])
        numbers = np.concatenate([lines[~swallowed], np.array([line for line, _ in more], np.int64)])
        order = np.argsort(numbers, kind="stable")
        return joined.take(pa.array(order)).combine_chunks(), numbers[order], still

    def _one_by_one(
        self, first: int, physical: list[str], more: list[tuple[int, list[str]]], still: list[_Ragged]
    ) -> None:
        for offset, line in enumerate(physical):
            found = self._dialect.cells(line)
            fitted = None if self._dialect.is_open(line) else self._fitted(found)
            if fitted is not None:
                more.append((first + offset, fitted))
            elif line.strip():
                still.append(_Ragged(first + offset, found, line))

    def _fitted(self, cells: list[str]) -> list[str] | None:
        """Return a row's cells when they are as many as the header's, or differ by blank ones at the end only."""
        width = len(self._names)
        if len(cells) == width:
            return cells
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        if self._facts.short_rows == "fill" and 1 < len(cells) < width:
            return cells + [""] * (width - len(cells))
        return None

    def _physical(self, line: int, breaks: int) -> list[str]:
        return self._lines.between(line - 1, line + breaks).decode().rstrip("\n").split("\n")

    def _shapes(self, cells: pa.Table) -> dict[int, set[str]]:
        """Return, for the columns of required fields, what their cells look like: 99/99/9999 99:99, say."""
        sample = cells.slice(0, _SHAPES_FROM)
        return {
            index: {_shape(cell) for cell in sample.column(index).to_pylist() if "\n" not in cell}
            for index, name in enumerate(self._names)
            if any(fold(name) in group for group in self._wanted.groups)
        }

    def _holds_rows(self, physical: list[str], shapes: dict[int, set[str]]) -> bool:
        """Say whether a line after the first is, by itself, a row like the others: then a quote has swallowed it."""
        for line in physical[1:]:
            found = self._fitted(self._dialect.cells(line))
            if found is not None and shapes and all(
                found[index].strip() and _shape(found[index]) in shapes[index] for index in shapes
            ):  # fmt: skip
                return True
        return False

    def _refuse_cut_off(self, body: bytes, lines: Places, ragged: list[_Ragged], end: int | None) -> None:
        """Refuse a file that ends in the middle of a row, as when a transfer was cut off."""
        last = max(ragged, key=lambda row: row.line, default=None)
        if last is not None and (len(lines) == 0 or last.line > lines[-1]):
            runs_on = self._dialect.is_open(last.text)
            short = (
                not body.endswith(b"\n") and 1 < len(last.cells) < len(self._names) and not self._ends_in_total(last)
            )
            if runs_on or (short and len(ragged) == 1):
                raise self._cut_off()
        elif len(lines) and self._dialect.is_open(self._lines.between(int(lines[-1]) - 1, end).decode()):
            # The last row has as many cells as it should, and its last quote is still open.
            raise self._cut_off()

    def _ends_in_total(self, row: _Ragged) -> bool:
        return is_total(row.cells[0], self._facts.totals)

    def _cut_off(self) -> DataError:
        return DataError(
            self._where,
            expected="a whole file",
            found="one whose last row ends half way, as when a transfer was cut off",
            action=SEND_AGAIN,
        )


def _line_numbers(table: pa.Table, turned_down: list[tuple[int, str]], first_line: int) -> tuple[Places, list[int]]:
    """Line of each row: its ordinal plus the line breaks inside the cells of the rows above it."""
    total = table.num_rows + len(turned_down)
    breaks = np.zeros(total, dtype=np.int64)
    is_ragged = np.zeros(total, dtype=bool)
    for number, text in turned_down:
        is_ragged[number - 1] = True
        breaks[number - 1] = text.rstrip("\n").count("\n")
    breaks[~is_ragged] = _breaks(table)
    starts = first_line + np.arange(total) + np.cumsum(breaks) - breaks
    return starts[~is_ragged], [int(line) for line in starts[is_ragged]]


def _breaks(cells: pa.Table) -> Places:
    """Count the line breaks inside each row's cells."""
    breaks = np.zeros(cells.num_rows, dtype=np.int64)
    for column in cells.columns:
        breaks += pc.count_substring(column, "\n").to_numpy().astype(np.int64)
    return breaks


def _blank(cells: pa.Table, rows: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    blank = np.ones(rows, dtype=bool)
    for column in cells.columns:
        if not blank.any():
            break
        blank &= pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy()
    return blank


def _shape(cell: str) -> str:
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"\d", "9", cell.strip()))


def _without_repeated_headers(section: Section, names: Sequence[str]) -> tuple[Section, int]:
    """Take out rows that are the header again; return how many there were."""
    again = np.ones(len(section.places), dtype=bool)
    for index, name in enumerate(names):
        if not again.any():
            break
        again &= pc.equal(
            pc.utf8_lower(pc.utf8_trim_whitespace(section.cells.column(index))), name.strip().lower()
        ).to_numpy()
    return without(section, again), int(again.sum())


def _without_totals(section: Section, words: Sequence[str]) -> tuple[Section, int]:
    """Take out rows of totals at the end; return how many there were."""
    gone = np.zeros(len(section.places), dtype=bool)
    for index in range(len(gone) - 1, -1, -1):
        row = [str(column[index].as_py()).strip() for column in section.cells.columns]
        first = next((cell for cell in row if cell), "")
        if not is_total(first, words):
            break
        gone[index] = True
    return without(section, gone), int(gone.sum())


def is_total(cell: str, words: Sequence[str]) -> bool:
    """Say whether a row that begins with this cell is one of totals, or a database's count of its rows."""
    folded = fold(cell).rstrip(":")
    return folded in set(map(fold, words)) or bool(_FOOTER.match(cell.strip()))
