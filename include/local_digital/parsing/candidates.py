"""A delivery's bytes through a feed's mapping: candidate records, and what is already known to be wrong with some.

Personal data end here: only mapped columns are read at all, and a premises identifier becomes a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from local_digital.errors import DataError
from local_digital.fields import FIELDS, Kind
from local_digital.parsing import csv, values

if TYPE_CHECKING:
    from local_digital.config.models import Column, ContractField, Feed
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
    """Parse a delivery. secret: keys premises identifiers. Raises DataError when the delivery as a whole is unusable."""
    feed = handle.feed
    sources = {column.source: name for name, column in feed.columns.items()}
    rows = csv.read(content, feed.format, sources.keys(), feed.ignored_columns, where)
    _refuse_missing_columns(rows.absent, sources, handle, where)
    warnings = [f"column `{name}` is new: nothing maps it, it was dropped" for name in rows.unknown]
    warnings += [f"column `{name}` is missing; `{sources[name]}` stays empty" for name in rows.absent]
    faults = [
        Fault(line, "ragged_row", "", "as many cells as the header has; a comma or quote inside a cell needs quotes")
        for line in rows.ragged
    ]
    columns: dict[str, pa.ChunkedArray] = {"line": pa.chunked_array([rows.lines], pa.int64())}
    for name, kind in FIELDS.items():
        column = feed.columns.get(name)
        text = rows.columns.get(column.source) if column else None
        if column is None or text is None:
            columns[name] = _empty(kind, len(rows.lines))
            continue
        columns[name] = _values(
            name, kind, text, column, handle.contract.fields[name], rows.lines, feed, secret, faults, warnings
        )
    columns["closed_at"] = values.second_reading(columns["closed_at"], columns["reported_at"], feed.time_zone)
    return Candidates(pa.table(columns), len(rows.lines) + len(rows.ragged), faults, warnings)


def _values(
    name: str,
    kind: Kind,
    text: pa.ChunkedArray,
    column: Column,
    field: ContractField,
    lines: np.ndarray[tuple[int], np.dtype[np.int64]],
    feed: Feed,
    secret: str,
    faults: list[Fault],
    warnings: list[str],
) -> pa.ChunkedArray:
    match kind:
        case Kind.REF:
            return values.refs(text)
        case Kind.INSTANT:
            parsed, wrong = values.instants(text, column.formats, feed.time_zone)
            expected = f"a local time that exists, as {' or '.join(_readable(code) for code in column.formats)}"
            faults += [Fault(int(line), "no_such_time", column.source, expected) for line in lines[wrong]]
            return parsed
        case Kind.LABEL:
            mapped, unmapped = values.labels(text, column.map if field.values else {})
            warnings += [f"{count} rows with the unmapped {name} `{word}`" for word, count in sorted(unmapped.items())]
            return mapped
        case Kind.KEY:
            keys, unusable = values.premises_keys(text, secret)
            if unusable:
                warnings.append(f"{unusable} rows whose `{column.source}` a spreadsheet has shortened")
            return keys


def _refuse_missing_columns(absent: list[str], sources: dict[str, str], handle: FeedHandle, where: str) -> None:
    required = [name for name in absent if handle.contract.fields[sources[name]].required]  # type: ignore[index]
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
