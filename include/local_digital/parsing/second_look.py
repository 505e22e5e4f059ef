"""A second look, line by line, at what a CSV parser made of odd rows.

A single stray quote makes a parser take everything up to the next quote for the inside of one cell, and the rows in
between are gone without a trace. A row over several lines in which one line alone looks like all the other rows gives
it away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.parsing.sections import MOST_COLUMNS, Places, Wanted, fold, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_digital.config.formats import CsvFormat
    from local_digital.parsing.dialect import Dialect

_SHAPES_FROM = 2000


class Lines:
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

    def texts(self, first: int) -> Iterator[str]:
        """Return the lines from one on, one by one."""
        return (self.between(line, line + 1).decode() for line in range(first, len(self._starts)))

    def _start(self, line: int) -> int:
        return int(self._starts[line]) if line < len(self._starts) else len(self.content)


@dataclass
class Ragged:
    """A row of another width than the header's."""

    line: int
    cells: list[str]
    text: str


@dataclass(frozen=True)
class SecondLook:
    """names: the header's. lines: the whole text's."""

    lines: Lines
    dialect: Dialect
    facts: CsvFormat
    wanted: Wanted
    names: list[str]

    def rescued(self, cells: pa.Table, lines: Places, ragged: list[Ragged]) -> tuple[pa.Table, Places, list[Ragged]]:
        """Look again at rows over several lines and at rows of another width; put what is found in its place."""
        breaks = breaks_in(cells)
        swallowed = np.zeros(len(lines), dtype=bool)
        more: list[tuple[int, list[str]]] = []
        still: list[Ragged] = []
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
        joined = pa.concat_tables([kept, text_table([found for _, found in more], len(self.names))])
        numbers = np.concatenate([lines[~swallowed], np.array([line for line, _ in more], np.int64)])
        order = np.argsort(numbers, kind="stable")
        return joined.take(pa.array(order)).combine_chunks(), numbers[order], still

    def _one_by_one(
        self, first: int, physical: list[str], more: list[tuple[int, list[str]]], still: list[Ragged]
    ) -> None:
        for offset, line in enumerate(physical):
            found = self.dialect.cells(line)
            fitted = None if self.dialect.is_open(line) else self._fitted(found)
            if fitted is not None:
                more.append((first + offset, fitted))
            elif line.strip():
                still.append(Ragged(first + offset, found, line))

    def _fitted(self, cells: list[str]) -> list[str] | None:
        """Return a row's cells when they are as many as the header's, or differ by blank ones at the end only."""
        width = len(self.names)
        if len(cells) == width:
            return cells
        if width < len(cells) <= MOST_COLUMNS and not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        if self.facts.short_rows == "fill" and 1 < len(cells) < width:
            return cells + [""] * (width - len(cells))
        return None

    def _physical(self, line: int, breaks: int) -> list[str]:
        return self.lines.between(line - 1, line + breaks).decode().rstrip("\n").split("\n")

    def _shapes(self, cells: pa.Table) -> dict[int, set[str]]:
        """Return, for the columns of required fields, what their cells look like."""
        sample = cells.slice(0, _SHAPES_FROM)
        return {
            index: {_shape(cell) for cell in sample.column(index).to_pylist() if "\n" not in cell}
            for index, name in enumerate(self.names)
            if any(fold(name) in group for group in self.wanted.groups)
        }

    def _holds_rows(self, physical: list[str], shapes: dict[int, set[str]]) -> bool:
        """Say whether a line after the first is, by itself, a row like the others: then a quote has swallowed it."""
        for line in physical[1:]:
            found = self._fitted(self.dialect.cells(line))
            if found is not None and shapes and all(
                found[index].strip() and _shape(found[index]) in shapes[index] for index in shapes
            ):  # fmt: skip
                return True
        return False


def breaks_in(cells: pa.Table) -> Places:
    """Count the line breaks inside each row's cells."""
    breaks = np.zeros(cells.num_rows, dtype=np.int64)
    for column in cells.columns:
        breaks += pc.count_substring(column, "\n").to_numpy().astype(np.int64)
    return breaks


def _shape(cell: str) -> str:
    """Return what a cell looks like, however long its numbers and however many its words are: 9/9/9 9:9, say."""
    return re.sub(r"[^\W\d_]+( +[^\W\d_]+)*", "a", re.sub(r"\d+", "9", cell.strip()))
