"""A CSV export's bytes as text columns with line numbers. Columns that nobody mapped are never read."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from local_digital.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection

    from local_digital.config.models import CsvFormat

_SEND_AGAIN = "Ask the council to send the file again; this one is kept and nothing was loaded from it."
_BYTE_ORDER_MARK = "﻿"


@dataclass(frozen=True)
class TextRows:
    """columns: the asked-for columns as trimmed text. lines: the line in the file on which each row begins.

    ragged: the lines of rows with too few or too many cells. unknown: names of columns nobody asked for. absent: asked
    for and not there. Rows that are entirely blank are no rows.
    """

    columns: dict[str, pa.ChunkedArray]
    lines: np.ndarray[tuple[int], np.dtype[np.int64]]
    ragged: list[int]
    unknown: list[str]
    absent: list[str]


def read(content: bytes, facts: CsvFormat, wanted: Collection[str], ignored: Collection[str], where: str) -> TextRows:
    """Read the wanted columns of a CSV file.

    wanted, ignored: header names as the council's file gives them. where: for messages. Raises DataError when the bytes
    are no such CSV at all: empty, a web page, another encoding, no known column, a quote that never ends.
    """
    text = _decoded(content, facts.encoding, where)
    names = _header(text, facts.delimiter, where, {*wanted, *ignored})
    ragged_rows: list[tuple[int, int]] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        ragged_rows.append((int(row.number), _line_breaks(row.text)))
        return "skip"

    positions = [f"c{index}" for index in range(len(names))]
    try:
        table = pa.csv.read_csv(
            io.BytesIO(text.encode()),
            # One thread: only then are the numbers of ragged rows known.
            read_options=pa.csv.ReadOptions(use_threads=False, column_names=positions, skip_rows_after_names=1),
            parse_options=pa.csv.ParseOptions(
                delimiter=facts.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=skip,
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(positions, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if len(text.splitlines()) <= 1:
            table = pa.table({position: pa.array([], pa.string()) for position in positions})
        else:
            raise DataError(
                where, expected="CSV rows", found=f"text that is not: {type(error).__name__}", action=_SEND_AGAIN
            ) from None
    _refuse_open_quote(text, table, ragged_rows, where)
    lines, ragged = _line_numbers(table, ragged_rows)
    columns = {
        name: pc.utf8_trim_whitespace(table.column(positions[index]))
        for index, name in enumerate(names)
        if name in wanted
    }
    filled = ~_blank(table, len(lines))
    mask = pa.array(filled)
    return TextRows(
        columns={name: column.filter(mask) for name, column in columns.items()},
        lines=lines[filled],
        ragged=ragged,
        unknown=[name for name in names if name not in wanted and name not in ignored],
        absent=[name for name in wanted if name not in names],
    )


def _decoded(content: bytes, encoding: str, where: str) -> str:
    def rejected(expected: str, found: str) -> DataError:
        return DataError(where, expected=expected, found=found, action=_SEND_AGAIN)

    if not content.strip(b"\0\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise rejected("a CSV file with a header", "an empty file")
    try:
        text = content.decode(encoding).removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise rejected(f"text in {encoding}", f"a byte that cannot be, at position {error.start}") from None
    if content.startswith(b"\xef\xbb\xbf") and encoding == "windows-1252":
        text = text[3:]
    if text.lstrip()[:1] == "<":
        raise rejected("a CSV file", "a web page or XML, as servers send when something failed")
    if "\0" in text:
        raise rejected(f"text in {encoding}", "zero bytes, as in a binary file or another encoding")
    return text


def _header(text: str, delimiter: str, where: str, known: set[str]) -> list[str]:
    head = pa.csv.read_csv(
        io.BytesIO(text.encode()[: 1 << 20].split(b"\n")[0].rstrip(b"\r").split(b"\r")[0] + b"\n"),
        read_options=pa.csv.ReadOptions(autogenerate_column_names=True),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter),
        convert_options=pa.csv.ConvertOptions(strings_can_be_null=False),
    )
    names = [str(head.column(index)[0].as_py()).strip() for index in range(head.num_columns)]
    twice = sorted({name for name in names if names.count(name) > 1 and name in known})
    if twice:
        raise DataError(
            where,
            expected="each column once",
            found=f"the column {', '.join(twice)} more than once",
            action="Ask the council to mend the export.",
        )
    if not known.intersection(names):
        # Without one known name the first line may well be data, and then it must not be shown.
        raise DataError(
            where,
            expected="a header in the first line with the columns of the feed's mapping",
            found=f"{len(names)} cells, none of them such a name",
            action="Check delimiter and header with the council, then mend the export or the council's file.",
        )
    return names


def _refuse_open_quote(text: str, table: pa.Table, ragged_rows: list[tuple[int, int]], where: str) -> None:
    if text.count('"') % 2 == 0:
        return
    last_is_ragged = bool(ragged_rows) and ragged_rows[-1][0] == table.num_rows + len(ragged_rows) + 1
    runs_on = (
        ragged_rows[-1][1] > 0
        if last_is_ragged
        else table.num_rows > 0
        and any(_line_breaks(table.column(index)[-1].as_py()) for index in range(table.num_columns))
    )
    if runs_on:
        raise DataError(
            where,
            expected="every quote to be closed",
            found="one that runs on to the end of the file, as when a transfer was cut off",
            action=_SEND_AGAIN,
        )


def _line_numbers(
    table: pa.Table, ragged_rows: list[tuple[int, int]]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[int]]:
    """Line of each row: its ordinal (the header is 1) plus the line breaks inside cells of the rows above it."""
    total = table.num_rows + len(ragged_rows)
    ordinals = np.arange(2, total + 2)
    breaks = np.zeros(total, dtype=np.int64)
    is_ragged = np.zeros(total, dtype=bool)
    for number, inside in ragged_rows:
        is_ragged[number - 2] = True
        breaks[number - 2] = inside
    for column in table.columns:
        # \r\n, \r and \n each end a line once.
        count = pc.count_substring_regex(column, r"\r\n|\r|\n")
        breaks[~is_ragged] += count.to_numpy().astype(np.int64)
    starts = ordinals + np.concatenate(([0], np.cumsum(breaks)[:-1])) if total else ordinals
    return starts[~is_ragged], [int(line) for line in starts[is_ragged]]


def _blank(table: pa.Table, rows: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    blank = np.ones(rows, dtype=bool)
    for column in table.columns:
        if not blank.any():
            break
        blank &= pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy()
    return blank


def _line_breaks(text: str) -> int:
    return text.count("\r\n") + text.replace("\r\n", "").count("\n") + text.replace("\r\n", "").count("\r")
