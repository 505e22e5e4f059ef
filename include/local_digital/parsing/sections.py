"""What every reader hands over: rows of text cells under one header, each with its place in the delivery."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from local_digital.errors import DataError
from local_digital.parsing.decoding import SEND_AGAIN

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MOST_COLUMNS = 5000
# A header is looked for in so many first lines.
HEADER_WITHIN = 60
Places = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Wanted:
    """The names by which a feed knows its columns. groups: for each required field, the names it may have."""

    names: frozenset[str]
    groups: tuple[frozenset[str], ...] = ()

    @classmethod
    def of(cls, names: Collection[str], groups: Collection[Collection[str]] = ()) -> Wanted:
        """Build from names as a council's file gives them."""
        return cls(frozenset(map(fold, names)), tuple(frozenset(map(fold, group)) for group in groups))

    def hits(self, cells: Sequence[str]) -> int:
        """Count the cells that are names of columns."""
        return len(self.names.intersection(map(fold, cells)))

    def is_header(self, cells: Sequence[str]) -> bool:
        """Say whether these cells name every required field, and are names of columns for the most part.

        A row of data may well hold a word that is a column's name too: a channel `Email`, a status `Closed`.
        """
        folded = [fold(cell) for cell in cells if cell.strip()]
        hits = self.hits(folded)
        return hits > 1 and 2 * hits >= len(folded) and all(group.intersection(folded) for group in self.groups)


@dataclass(frozen=True, eq=False)
class Section:
    """Rows under one header.

    names: the header's, unique (see `unique_names`). cells: a text column for each name, in that order. places: where
    each row begins. ragged: the places of rows with too few or too many cells. native_dates: dates came as dates, and
    stand in the cells in ISO form. twice: names that the header has more than once.
    """

    names: list[str]
    cells: pa.Table
    places: Places
    ragged: list[int] = field(default_factory=list)
    native_dates: bool = False
    twice: frozenset[str] = frozenset()

    def column(self, name: str) -> pa.ChunkedArray | None:
        """Return the column of a name, compared without case or spacing; None when there is none."""
        index = self._positions.get(name, self._positions.get(fold(name)))
        return None if index is None else self.cells.column(index)

    @cached_property
    def _positions(self) -> dict[str, int]:
        """The first column of each name, whose own spelling goes before that of another column."""
        last_first = list(enumerate(self.names))[::-1]
        return {fold(name): index for index, name in last_first} | {name: index for index, name in last_first}


@dataclass(frozen=True)
class Reading:
    """sections: all rows of a delivery. found: what was found out, for the ledger. notes: warnings for people."""

    sections: list[Section]
    found: dict[str, object]
    notes: list[str] = field(default_factory=list)


def fold(name: str) -> str:
    """Return a header's name or a word for comparison: without case, byte order mark or extra spacing."""
    return " ".join(name.replace("\ufeff", "").replace("\u200b", "").split()).casefold()


def unique_names(cells: Sequence[str]) -> tuple[list[str], frozenset[str]]:
    """Return a header's names made unique, and those that stood there more than once.

    A name that comes again is numbered throughout: `Date (1)`, `Date (2)`. A blank one is called by its position.
    """
    names = [" ".join(cell.replace("\ufeff", "").split()) or f"column {index + 1}" for index, cell in enumerate(cells)]
    folded = [fold(name) for name in names]
    twice = {name for name, times in Counter(folded).items() if times > 1}
    seen: dict[str, int] = {}
    unique = []
    for name, key in zip(names, folded, strict=True):
        seen[key] = seen.get(key, 0) + 1
        unique.append(f"{name} ({seen[key]})" if key in twice else name)
    return unique, frozenset(twice)


def refuse_too_wide(cells: Sequence[str], where: str) -> None:
    """Raise DataError when a header has more columns than any export does."""
    if len(cells) > MOST_COLUMNS:
        raise DataError(where, expected=f"at most {MOST_COLUMNS:,} columns", found="more", action=SEND_AGAIN)


def find_header(rows: Sequence[Sequence[str]], wanted: Wanted) -> tuple[int, int]:
    """Return the index of the row with most names of columns, and how many it has; the first of equals."""
    hits = [wanted.hits(row) for row in rows]
    best = max(range(len(hits)), key=lambda index: (hits[index], -index), default=0)
    return best, hits[best] if hits else 0


def text_table(rows: Sequence[Sequence[str]], width: int) -> pa.Table:
    """Build a table of text from rows that all have `width` cells."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * width
    return pa.table({f"c{index}": pa.array(column, pa.string()) for index, column in enumerate(columns)})


def empty_section(names: list[str]) -> Section:
    """Return a section of no rows that has all the columns asked for, so that nothing is missing in it."""
    return Section(names, text_table([], len(names)), np.empty(0, np.int64))


def without(section: Section, gone: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Section:
    """Return a section without the rows of a mask."""
    if not gone.any():
        return section
    keep = pa.array(~gone)
    return Section(
        section.names, section.cells.filter(keep), section.places[~gone], section.ragged, section.native_dates,
        section.twice,
    )  # fmt: skip
