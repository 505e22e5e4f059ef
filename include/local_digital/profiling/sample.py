"""A sample file once it is read: its columns of text, encoded by their words, and where each row stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.parsing.sections import Places, fold
from local_digital.places import document_and_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from local_digital.parsing.sections import Section


@dataclass
class Sample:
    """A file and its rows.

    wrappings: gzip, zip, OpenPGP, from the outside in. format: the keys of the feed's `format` that would read it.
    facts: what was found out about its layout. columns: by name, encoded by their words. places: where each row begins.
    ragged: the places of rows with too few or too many cells. more_sheets: unread, with the same header.
    """

    path: Path
    size: int
    wrappings: list[str]
    documents: list[str]
    format: dict[str, object]
    facts: dict[str, object]
    columns: dict[str, pa.ChunkedArray]
    places: Places
    ragged: list[int] = field(default_factory=list)
    blank_names: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    has_header: bool = True
    more_sheets: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def rows(self) -> int:
        return len(self.places)

    def line(self, row: int) -> str:
        """Return the place of a row for people."""
        return self.line_of(int(self.places[row]))

    def line_of(self, at: int) -> str:
        """Return a place for people."""
        document, line = document_and_line(at)
        kind = "record" if self.format["kind"] in {"json", "xml"} else "line"
        inside = f" of {self.documents[document]}" if len(self.documents) > 1 else ""
        return f"{kind} {line}{inside}"


@dataclass(frozen=True)
class Part:
    """A section with its columns as words and their numbers, which is what a large file has room for."""

    columns: dict[str, pa.DictionaryArray]
    places: Places
    ragged: list[int]
    twice: list[str]

    @classmethod
    def of(cls, section: Section) -> Part:
        return cls(
            {name: encoded(section.cells.column(index)) for index, name in enumerate(section.names)},
            section.places,
            section.ragged,
            [name for name in section.names if fold(re.sub(r" \(\d+\)$", "", name)) in section.twice],
        )


def encoded(text: pa.ChunkedArray) -> pa.DictionaryArray:
    """Trim a column and encode it by its words."""
    return pc.dictionary_encode(pc.utf8_trim_whitespace(text.combine_chunks()))


def blanks(rows: int) -> pa.DictionaryArray:
    """Return an encoded column without anything in it."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([""]))


def together(parts: Sequence[Part]) -> tuple[dict[str, pa.ChunkedArray], Places, list[int], list[str]]:
    """Join sections, whose headers may differ: a column that one of them lacks is blank there."""
    names: dict[str, str] = {}
    for part in parts:
        for name in part.columns:
            names.setdefault(fold(name), name)
    folded = [{fold(name): column for name, column in part.columns.items()} for part in parts]
    columns = {
        name: pa.chunked_array([
            columns[key] if key in columns else blanks(len(part.places))
            for part, columns in zip(parts, folded, strict=True)
        ])
        for key, name in names.items()
    }  # fmt: skip
    places = np.concatenate([part.places for part in parts])
    ragged = [at for part in parts for at in part.ragged]
    return columns, places, ragged, sorted({name for part in parts for name in part.twice})
