"""A CSV export as sections of text cells. Nothing about it is taken for granted, and no row of it is lost.

Arrow parses the bulk; what it turns down, and every row that runs over several lines, is looked at again line by line,
since a single stray quote makes a parser take whole rows for the inside of one cell.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from local_digital.errors import DataError
from local_digital.parsing.decoding import SEND_AGAIN, decode
from local_digital.parsing.dialect import DELIMITERS, ENOUGH, Dialect, is_total, is_totals_row
from local_digital.parsing.second_look import Lines, Ragged, SecondLook, breaks_in
from local_digital.parsing.sections import (
    HEADER_WITHIN,
    MOST_COLUMNS,
    Places,
    Reading,
    Section,
    Wanted,
    find_header,
    fold,
    refuse_too_wide,
    text_table,
    unique_names,
    without,
)
from local_digital.places import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local_digital.config.formats import CsvFormat
    from local_digital.parsing.documents import Document
    from local_digital.parsing.instants import Mask

_BLOCK = 16 << 20
# Where rows of another width are many, a last one like them is no sign of a file cut off.
_SELDOM = 0.02
_LARGEST_BLOCK = 2**31 - 1
# Exports joined together have a header each.
_MOST_HEADERS = 1000


def read(number: int, document: Document, facts: CsvFormat, wanted: Wanted, where: str) -> Reading:
    """Read one document. number: its position in the delivery.

    Raises DataError when it is no such CSV at all: empty, a web page, another encoding, no known column, cut off.
    """
    text = decode(document, facts.encoding, where)
    head = [line.decode() for line in islice(io.BytesIO(text.content), HEADER_WITHIN)]
    dialect, header = layout(head, facts, wanted, where)
    lines = Lines(text.content)
    sections = []
    notes: list[str] = []
    repeated = 0
    for start, names, end in _stretches(lines, dialect, header, facts, wanted, where):
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


def layout(head: list[str], facts: CsvFormat, wanted: Wanted, where: str) -> tuple[Dialect, int | None]:
    """Return the dialect and the index of the header's line, None when the council's file gives the names.

    head: the first lines. Raises DataError when none of them has a name of `wanted`.
    """
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
        if not facts.header_line:
            # Names in quotes may hold line breaks; a quote of a title that is never closed must not hide the header.
            starts, rows = _logical_rows(dialect, head)
            index, hits = find_header(rows, wanted)
            if hits > best[0]:
                best = hits, dialect, starts[index]
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


def _logical_rows(dialect: Dialect, head: list[str]) -> tuple[list[int], list[list[str]]]:
    """Return the first rows with the lines on which they begin, cells over several lines taken as one."""
    reader = dialect.rows(line[:ENOUGH] for line in head)
    starts, rows = [], []
    begins = 0
    for cells in reader:
        starts.append(begins)
        rows.append(cells[: MOST_COLUMNS + 1])
        begins = reader.line_num
    return starts, rows


def _stretches(
    lines: Lines, dialect: Dialect, header: int | None, facts: CsvFormat, wanted: Wanted, where: str
) -> list[tuple[int, list[str], int | None]]:
    """Return (first line, names, line after the last) of every stretch of rows under one header; lines from 0."""
    if header is None:
        return [(0, list(facts.names), None)]
    stretches: list[tuple[int, list[str], int | None]] = []
    for line in [header, *_further_headers(lines, dialect, header, wanted)]:
        refuse_too_wide(dialect.cells(next(lines.texts(line))), where)
        rows = dialect.rows(lines.texts(line))
        names = next(rows)
        if rows.line_num > 1 and dialect.is_open(lines.between(line, line + rows.line_num).decode()):
            raise DataError(
                where,
                expected="a header whose quotes are closed",
                found="one with a quote that runs on to the end",
                action="Ask the council to mend the export; nothing was loaded from this one.",
            )
        if stretches:
            start, before, _ = stretches[-1]
            if list(map(fold, before)) == list(map(fold, names)):
                # The same header again is taken out among the rows, where it is counted.
                continue
            stretches[-1] = (start, before, line)
        stretches.append((line + rows.line_num, names, None))
        if len(stretches) > _MOST_HEADERS:
            raise DataError(where, expected=f"at most {_MOST_HEADERS:,} headers", found="more", action=SEND_AGAIN)
    return stretches


def _further_headers(lines: Lines, dialect: Dialect, header: int, wanted: Wanted) -> list[int]:
    """Return the lines below the first header that name every required field, as in exports joined together."""
    content = lines.content
    found = set()
    for name in telling_names(wanted):
        line = counted = 0
        for start, end in lines_with(content, name):
            if wanted.is_header(dialect.cells(content[start:end].decode())):
                line += content.count(b"\n", counted, start)
                counted = start
                found.add(line)
    return sorted(line for line in found if line > header)


def telling_names(wanted: Wanted) -> frozenset[str]:
    """Return the names of the required field whose names look rarest, the longest: every header has one of them."""
    return max(wanted.groups, key=lambda names: min(map(len, names), default=0), default=frozenset())


def lines_with(content: bytes, name: str) -> Iterator[tuple[int, int]]:
    """Return where the lines begin and end that hold a name, in any case and spacing of its words."""
    pattern = re.compile(re.escape(name.encode()).replace(rb"\ ", rb"\s+"), re.IGNORECASE)
    end = 0
    while match := pattern.search(content, end):
        start = content.rfind(b"\n", 0, match.start()) + 1
        stop = content.find(b"\n", match.end())
        end = len(content) if stop < 0 else stop
        yield start, end


class _Stretch:
    """Reads the rows between two headers."""

    def __init__(
        self, lines: Lines, dialect: Dialect, facts: CsvFormat, wanted: Wanted, names: list[str], where: str
    ) -> None:
        self._lines = lines
        self._dialect = dialect
        self._facts = facts
        self._wanted = wanted
        refuse_too_wide(names, where)
        self._names, self._twice = unique_names(names)
        self._where = where

    def read(self, start: int, end: int | None) -> Section:
        """Read the lines [start, end), counted from 0."""
        body = self._lines.between(start, end)
        self._widen(body)
        cells, lines, ragged = self._parse(body, start + 1)
        look = SecondLook(self._lines, self._dialect, self._facts, self._wanted, self._names)
        cells, lines, ragged = look.rescued(cells, lines, ragged)
        self._refuse_cut_off(body, lines, ragged, end)
        section = Section(self._names, cells, lines, sorted(row.line for row in ragged), twice=self._twice)
        return without(section, blank_rows(cells))

    def _widen(self, body: bytes) -> None:
        """Give the header nameless columns where the rows close with a delimiter that it lacks."""
        sample = [self._dialect.cells(line.decode()) for line in islice(io.BytesIO(body), 20)]
        sample = [row for row in sample if row]
        width = len(self._names)
        longer = [row for row in sample if len(row) > width and not any(cell.strip() for cell in row[width:])]
        if longer and len(longer) > len(sample) / 2:
            self._names += [f"column {index + 1}" for index in range(width, len(longer[0]))]
            refuse_too_wide(self._names, self._where)

    def _parse(self, body: bytes, first_line: int) -> tuple[pa.Table, Places, list[Ragged]]:
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
            Ragged(line, dialect.cells(row), row) for line, (_, row) in zip(ragged_lines, turned_down, strict=True)
        ]
        return table, lines, ragged

    def _parse_slowly(self, body: bytes, first_line: int) -> tuple[pa.Table, Places, list[Ragged]]:
        """For what Arrow gives up on: a row that runs over three blocks, as an open quote may in a very large file."""
        rows: list[list[str]] = []
        lines: list[int] = []
        ragged: list[Ragged] = []
        reader = self._dialect.rows(io.TextIOWrapper(io.BytesIO(body), "utf-8", newline="\n"))
        begins = 0
        for cells in reader:
            if len(cells) == len(self._names):
                rows.append(cells)
                lines.append(first_line + begins)
            elif cells:
                text = self._lines.between(first_line - 1 + begins, first_line - 1 + reader.line_num).decode()
                ragged.append(Ragged(first_line + begins, cells[: MOST_COLUMNS + 1], text))
            begins = reader.line_num
        return text_table(rows, len(self._names)), np.array(lines, np.int64), ragged

    def _refuse_cut_off(self, body: bytes, lines: Places, ragged: list[Ragged], end: int | None) -> None:
        """Refuse a file that ends in the middle of a row, as when a transfer was cut off."""
        last = max(ragged, key=lambda row: row.line, default=None)
        if last is not None and (len(lines) == 0 or last.line > lines[-1]):
            runs_on = self._dialect.is_open(last.text)
            short = not body.endswith(b"\n") and len(last.cells) < len(self._names) and not self._is_footer(last)
            seldom = len(ragged) <= 1 + len(lines) * _SELDOM
            if runs_on or (short and seldom):
                raise self._cut_off()
        elif len(lines) and self._dialect.is_open(self._lines.between(int(lines[-1]) - 1, end).decode()):
            # The last row has as many cells as it should, and its last quote is still open.
            raise self._cut_off()

    def _is_footer(self, row: Ragged) -> bool:
        """Say whether a last row is one of totals, or a remark such as `Source: ...`, and no row cut short."""
        remark = len(row.cells) == 1 and bool(re.search(r"[\s(:]", row.cells[0].strip()))
        return remark or is_total(row.cells[0], self._facts.totals, sparse=True)

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
    breaks[~is_ragged] = breaks_in(table)
    starts = first_line + np.arange(total) + np.cumsum(breaks) - breaks
    return starts[~is_ragged], [int(line) for line in starts[is_ragged]]


def blank_rows(cells: pa.Table) -> Mask:
    """Return the mask of the rows in which every cell is blank."""
    blank = np.ones(cells.num_rows, dtype=bool)
    for column in cells.columns:
        if not blank.any():
            break
        blank &= pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy()
    return blank


def header_again(columns: Sequence[pa.ChunkedArray], names: Sequence[str], rows: int) -> Mask:
    """Return the mask of so many rows that are the header again. names: of these columns, as the header spells them."""
    again = np.ones(rows, dtype=bool)
    for column, name in zip(columns, names, strict=True):
        if not again.any():
            break
        cells = pc.replace_substring_regex(column, r"[\s\x{a0}\x{feff}]+", " ")
        again &= pc.equal(pc.utf8_lower(pc.utf8_trim_whitespace(cells)), fold(name)).to_numpy()
    return again


def _without_repeated_headers(section: Section, names: Sequence[str]) -> tuple[Section, int]:
    """Take out rows that are the header again; return how many there were."""
    columns = [section.cells.column(index) for index in range(len(names))]
    again = header_again(columns, names, len(section.places))
    return without(section, again), int(again.sum())


def _without_totals(section: Section, words: Sequence[str]) -> tuple[Section, int]:
    """Take out rows of totals at the end; return how many there were."""
    gone = np.zeros(len(section.places), dtype=bool)
    for index in range(len(gone) - 1, -1, -1):
        if not is_totals_row([str(column[index].as_py()) for column in section.cells.columns], words):
            break
        gone[index] = True
    return without(section, gone), int(gone.sum())
