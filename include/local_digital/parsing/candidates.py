"""A delivery's bytes through a feed's mapping: candidate records, and what is already known to be wrong with some.

Personal data end here: only mapped columns are read at all, and a premises identifier becomes a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from local_digital.errors import DataError
from local_digital.fields import FIELDS, Kind
from local_digital.parsing import csv, values

if TYPE_CHECKING:
    from local_digital.config.models import Column
    from local_digital.workspace import FeedHandle


class Fault(NamedTuple):
    """A rule that a row broke. expected: what should stand there, in words for the council; never a value."""

    line: int
    rule: str
    column: str
    expected: str


@dataclass(frozen=True)
class Candidates:
    """table: `line` and the canonical fields of every row that had the right number of cells.

    rows_read: all rows, ragged ones too. faults: rows that parsing itself turned down. warnings: for people.
    """

    table: pa.Table
    rows_read: int
    faults: list[Fault]
    warnings: list[str]


def parse(content: bytes, handle: FeedHandle, secret: str, where: str) -> Candidates:
    """Parse a delivery. secret: keys premises identifiers. Raises DataError when the whole delivery is unusable."""
    feed = handle.feed
    sources = {column.source: name for name, column in feed.columns.items()}
    rows = csv.read(content, feed.format, sources.keys(), feed.ignored_columns, where)
    _refuse_missing_columns(rows.absent, sources, handle, where)
    conversion = _Conversion(handle, rows, secret)
    conversion.warnings += [f"column `{name}` is new: nothing maps it, it was dropped" for name in rows.unknown]
    conversion.warnings += [f"column `{name}` is missing; `{sources[name]}` stays empty" for name in rows.absent]
    conversion.faults += [
        Fault(line, "ragged_row", "", "as many cells as the header has; a comma or quote inside a cell needs quotes")
        for line in rows.ragged
    ]
    columns = {"line": pa.chunked_array([rows.lines], pa.int64())}
    columns |= {name: conversion.column(name, kind) for name, kind in FIELDS.items()}
    columns["closed_at"] = values.second_reading(columns["closed_at"], columns["reported_at"], feed.time_zone)
    return Candidates(pa.table(columns), len(rows.lines) + len(rows.ragged), conversion.faults, conversion.warnings)


class _Conversion:
    """Turns the text columns of one delivery into canonical ones, gathering faults and warnings on the way."""

    def __init__(self, handle: FeedHandle, rows: csv.TextRows, secret: str) -> None:
        self._handle = handle
        self._rows = rows
        self._secret = secret
        self.faults: list[Fault] = []
        self.warnings: list[str] = []

    def column(self, name: str, kind: Kind) -> pa.ChunkedArray:
        mapping = self._handle.feed.columns.get(name)
        text = self._rows.columns.get(mapping.source) if mapping else None
        if mapping is None or text is None:
            return _empty(kind, len(self._rows.lines))
        match kind:
            case Kind.REF:
                return values.refs(text)
            case Kind.INSTANT:
                return self._instants(text, mapping)
            case Kind.LABEL:
                return self._labels(name, text, mapping)
            case Kind.KEY:
                keys, unusable = values.premises_keys(text, self._secret)
                if unusable:
                    self.warnings.append(f"{unusable} rows whose `{mapping.source}` a spreadsheet has shortened")
                return keys

    def _instants(self, text: pa.ChunkedArray, mapping: Column) -> pa.ChunkedArray:
        parsed, wrong = values.instants(text, mapping.formats, self._handle.feed.time_zone)
        expected = f"a local time that exists, as {' or '.join(_readable(code) for code in mapping.formats)}"
        self.faults += [Fault(int(line), "no_such_time", mapping.source, expected) for line in self._rows.lines[wrong]]
        return parsed

    def _labels(self, name: str, text: pa.ChunkedArray, mapping: Column) -> pa.ChunkedArray:
        closed_list = bool(self._handle.contract.fields[name].values)
        mapped, unmapped = values.labels(text, mapping.map, closed_list=closed_list)
        self.warnings += [f"{count} rows with the unmapped {name} `{word}`" for word, count in sorted(unmapped.items())]
        return mapped


def _refuse_missing_columns(absent: list[str], sources: dict[str, str], handle: FeedHandle, where: str) -> None:
    required = [name for name in absent if handle.contract.fields[sources[name]].required]
    if required:
        raise DataError(
            where,
            expected=f"the columns {', '.join(sources)}",
            found=f"no column {', '.join(required)}",
            action="Ask the council whether the export changed; if for good, mend `columns` in the council's file.",
        )


def _empty(kind: Kind, rows: int) -> pa.ChunkedArray:
    types = {Kind.REF: pa.string(), Kind.INSTANT: values.INSTANT, Kind.KEY: pa.binary()}
    if kind is Kind.LABEL:
        return pa.chunked_array([pa.nulls(rows, pa.string()).dictionary_encode()])
    return pa.chunked_array([pa.nulls(rows, types[kind])])


def _readable(codes: str) -> str:
    for code, word in (("%d", "dd"), ("%m", "mm"), ("%Y", "yyyy"), ("%y", "yy"), ("%H", "HH"), ("%M", "MM"),
                       ("%S", "SS"), ("%I", "hh"), ("%p", "AM/PM"), ("%b", "Mon")):  # fmt: skip
        codes = codes.replace(code, word)
    return codes
