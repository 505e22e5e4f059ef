"""Which columns of a delivery a feed's mapping means, whatever they are called there, and which rows are the feed's."""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.calendar import local_day
from local_digital.errors import DataError
from local_digital.parsing import values
from local_digital.parsing.sections import fold

if TYPE_CHECKING:
    from local_digital.config.models import Column, Feed, RowFilter
    from local_digital.parsing.instants import Mask
    from local_digital.parsing.sections import Places, Section
    from local_digital.workspace import FeedHandle

_COLUMNS_SHOWN = 100
REST_OF_ROW = "rest of the row"


class Delivered(NamedTuple):
    """What the ledger knows of a delivery: the file's name, the moment it is complete up to (aware), and which of a
    night's several files it is.
    """

    name: str
    as_of: dt.datetime
    series: str = ""


@dataclass(frozen=True)
class Rows:
    """texts: trimmed cells by the names that `Mapping` asks for."""

    places: Places
    texts: dict[str, pa.ChunkedArray]
    native_dates: bool


class Mapping:
    """Finds the columns of the mapping in every section, whatever they are called there."""

    def __init__(self, handle: FeedHandle, sections: list[Section], delivered: Delivered, where: str) -> None:
        self._handle = handle
        self._feed = handle.feed
        self._sections = sections
        self._delivered = delivered
        self._where = where

    def drift(self) -> list[str]:
        """Compare the columns with the mapping; return warnings, or raise DataError where the feed says so."""
        unknown: dict[str, None] = {}
        absent: dict[str, str] = {}
        known = {fold(name) for column in self._feed.columns.values() for name in column.names}
        known |= {fold(name) for name in (*self._feed.ignored_columns, *(row.column for row in self._feed.rows))}
        for section in self._sections:
            self._refuse_doubles(section)
            unknown |= dict.fromkeys(name for name in section.names if fold(name) not in known)
            for name, column in self._feed.columns.items():
                if column.names and not self._found(section, column):
                    absent[name] = column.names[0]
        required = [column for name, column in absent.items() if self._is_required(name)]
        if required:
            raise DataError(
                self._where,
                expected=f"the columns {', '.join(self._all_names())}",
                found=f"no column {', '.join(required)}",
                action="Ask the council whether the export changed; if for good, mend `columns` in the council's file "
                "(`renamed_from` keeps older exports readable).",
            )
        return self._reported(list(unknown), absent)

    def _reported(self, unknown: list[str], absent: dict[str, str]) -> list[str]:
        policy = self._feed.drift
        warnings = []
        if unknown and policy.unknown_column == "reject":
            new = ", ".join(map(values.shown, unknown[:_COLUMNS_SHOWN]))
            raise self._drifted("no column that the mapping does not know", f"the new {new}")
        if policy.unknown_column == "report":
            warnings += [
                f"column `{values.shown(name)}` is new: nothing maps it, it was dropped"
                for name in unknown[:_COLUMNS_SHOWN]
            ]
            if len(unknown) > _COLUMNS_SHOWN:
                warnings.append(f"{len(unknown) - _COLUMNS_SHOWN} more columns are new")
        for name, column in absent.items():
            added_on = self._feed.columns[name].added_on
            if added_on and local_day(self._delivered.as_of) < added_on:
                continue
            if policy.missing_optional == "reject":
                raise self._drifted(f"the column {column}", "none")
            warnings.append(f"column `{column}` is missing; `{name}` stays empty")
        return warnings

    def rows(self) -> Rows:
        """Return the cells of all sections together: one text column a field, and one a further name asked for."""
        texts: dict[str, list[pa.ChunkedArray]] = {}
        for section in self._sections:
            for name, column in self._feed.columns.items():
                found = self._found(section, column)
                if column.derived_from:
                    for part in column.derived_from:
                        texts.setdefault(f"part {part}", []).append(_trimmed(section, part))
                elif found:
                    text = values.first_filled([_trimmed(section, part) for part in found])
                    if column.time_from:
                        text = values.joined(text, _trimmed(section, column.time_from))
                    texts.setdefault(name, []).append(text)
                elif column.names:
                    texts.setdefault(name, []).append(blanks(len(section.places)))
            if self._feed.delivery == "aggregate":
                texts.setdefault(REST_OF_ROW, []).append(self._rest(section))
            for told_by in dict.fromkeys(row.column for row in self._feed.rows):
                texts.setdefault(f"filter {told_by}", []).append(_trimmed(section, told_by))
        return Rows(
            np.concatenate([section.places for section in self._sections]),
            {
                name: pa.chunked_array([chunk for part in parts for chunk in part.chunks], pa.string())
                for name, parts in texts.items()
            },
            any(section.native_dates for section in self._sections),
        )

    def _rest(self, section: Section) -> pa.ChunkedArray:
        """Return a digest of the cells of each row that nothing maps; they go no further."""
        known = {fold(name) for column in self._feed.columns.values() for name in column.names}
        rest = [
            pc.fill_null(pc.utf8_trim_whitespace(section.cells.column(index)), "")
            for index, name in enumerate(section.names)
            if fold(name) not in known
        ]
        if not rest:
            return blanks(len(section.places))
        return pc.fill_null(values.derived_refs(rest, "rest of the row"), "")

    def _found(self, section: Section, column: Column) -> list[str]:
        """Return the columns of a section that a field reads, the main one first; none when it has none of them."""
        if column.derived_from:
            return [name for name in column.derived_from if section.column(name) is not None]
        main = next(
            (name for name in (column.source, *column.renamed_from) if name and section.column(name) is not None), None
        )
        others = [name for name in column.otherwise if section.column(name) is not None]
        return [*([main] if main else []), *others]

    def _refuse_doubles(self, section: Section) -> None:
        twice = sorted(
            name for column in self._feed.columns.values() for name in column.names if fold(name) in section.twice
        )
        if twice:
            raise DataError(
                self._where,
                expected="each column once",
                found=f"the column {', '.join(twice)} more than once",
                action=f"Ask the council to mend the export, or map one of them as `{twice[0]} (1)`, `{twice[0]} (2)`.",
            )

    def _is_required(self, name: str) -> bool:
        field = self._handle.contract.fields.get(name)
        return name in self._feed.required_fields or bool(field and field.required and name != "reported_at")

    def _all_names(self) -> list[str]:
        return [column.source for column in self._feed.columns.values() if column.source]

    def _drifted(self, expected: str, found: str) -> DataError:
        return DataError(
            self._where,
            expected=expected,
            found=found,
            action="The feed's `drift` rejects such a change: agree on it with the council, then mend its file.",
        )


def _trimmed(section: Section, name: str) -> pa.ChunkedArray:
    column = section.column(name)
    return blanks(len(section.places)) if column is None else pc.utf8_trim_whitespace(column)


def blanks(rows: int) -> pa.ChunkedArray:
    """Return so many blank cells."""
    return pa.chunked_array([pa.repeat(pa.scalar(""), rows)], pa.string())


class Filters:
    """Tells the rows that all filters of a feed let through."""

    def __init__(self, feed: Feed, where: str) -> None:
        self._feed = feed
        self._where = where
        self._untold = {row.column for row in feed.rows}
        self._rows = 0

    def let_through(self, rows: Rows) -> Mask:
        """Return the mask of the rows that belong to the feed."""
        mask = np.ones(len(rows.places), dtype=bool)
        for row in self._feed.rows:
            text = rows.texts.get(f"filter {row.column}")
            if text is None:
                raise self._untellable()
            if row.column in self._untold and pc.any(pc.not_equal(text, "")).as_py():
                self._untold.remove(row.column)
            mask &= _lets_through(row, text)
        self._rows += len(mask)
        return mask

    def refuse_untold(self) -> None:
        """Raise DataError when there were rows, and a column that should tell them apart was blank in all of them."""
        if self._rows and self._untold:
            raise self._untellable()

    def _untellable(self) -> DataError:
        column = next(row.column for row in self._feed.rows if row.column in self._untold)
        return DataError(
            self._where,
            expected=f"the column {column}, which tells the rows of this service apart",
            found="no such column, or nothing in it",
            action="Ask the council whether the export changed; if for good, mend `rows` in the council's file.",
        )


def _lets_through(row: RowFilter, text: pa.ChunkedArray) -> Mask:
    wanted, unwanted = set(map(fold, row.in_)), set(map(fold, row.not_in))
    like, unlike = ([re.compile(fnmatch.translate(fold(pattern))) for pattern in patterns]
                    for patterns in (row.like, row.not_like))  # fmt: skip

    def fits(word: str) -> bool:
        folded = fold(word)
        return (
            (not (wanted or like) or folded in wanted or any(pattern.match(folded) for pattern in like))
            and folded not in unwanted
            and not any(pattern.match(folded) for pattern in unlike)
        )

    encoded = text.combine_chunks().dictionary_encode()
    verdicts = np.array([fits(word) for word in encoded.dictionary.to_pylist()], dtype=bool)
    if not len(text):
        return np.ones(0, dtype=bool)
    return np.asarray(verdicts[encoded.indices.to_numpy(zero_copy_only=False)])
