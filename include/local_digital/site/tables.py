"""Tables as open data: the same rows as CSV and as JSON, described as a Frictionless tabular data resource."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.formulas import harmless
from local_digital.site.rows import Cells, Rows

Form = Literal["csv", "json"]
FORMS: tuple[Form, ...] = ("csv", "json")
MEDIA_TYPES: dict[Form, str] = {"csv": "text/csv", "json": "application/json"}
_QUOTED = re.compile('[,"\\r\\n]')


@dataclass(frozen=True)
class Column:
    """A column of a table. type: as in Frictionless Table Schema. means: a sentence. unit: of a number, in words.

    agreed: all that it may hold, where that is agreed. required: never empty.
    """

    name: str
    title: str
    means: str
    type: Literal["string", "integer", "number", "date", "datetime"] = "string"
    required: bool = True
    agreed: tuple[str, ...] = ()
    unit: str | None = None
    least: int | None = None

    def described(self) -> dict[str, Any]:
        """Return the field descriptor."""
        constraints: dict[str, Any] = {}
        if self.required:
            constraints["required"] = True
        if self.agreed:
            constraints["enum"] = list(self.agreed)
        if self.least is not None:
            constraints["minimum"] = self.least
        found: dict[str, Any] = {
            "name": self.name, "type": self.type, "title": self.title, "description": self.means,
        }  # fmt: skip
        if self.unit:
            found["unit"] = self.unit
        return {**found, "constraints": constraints} if constraints else found


@dataclass(frozen=True)
class Made:
    """How large a file came out, and its SHA-256 in hex."""

    size: int
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> Made:
        return cls(len(content), hashlib.sha256(content).hexdigest())


@dataclass(frozen=True)
class Table:
    """A table of the open data.

    name: of its files, without ending. folder: of its files, below `data/`; the transaction's, or a council's in it;
    empty at the root. columns: in order; frame: its rows, with these columns at least; None where the files are put
    together from others, and then `height` says how many rows and `sizes` what the files are like. key: columns that
    tell rows apart. refers: column to the table and column of the same folder that it names. period: how often there
    is a new row, None where that is no question. first_day, last_day: of what the rows tell. issued, modified: when its
    figures were first released and last changed (UTC). gss_codes: of the councils in it. used: its KPIs. packed: gzip.
    """

    name: str
    folder: str
    title: str
    means: str
    columns: tuple[Column, ...]
    frame: pd.DataFrame | Rows | None
    key: tuple[str, ...] = ()
    refers: dict[str, tuple[str, str]] = field(default_factory=dict)
    period: Literal["week", "month", "quarter"] | None = None
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    issued: dt.datetime | None = None
    modified: dt.datetime | None = None
    gss_codes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    packed: bool = False
    height: int = 0
    sizes: dict[Form, Made] = field(default_factory=dict, compare=False, repr=False)
    _lines: dict[Form, bytes] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def rows(self) -> Rows:
        if isinstance(self.frame, Rows):
            return self.frame
        return Rows.of(pd.DataFrame() if self.frame is None else self.frame)

    def __len__(self) -> int:
        return self.height if self.frame is None else len(self.rows)

    @property
    def identifier(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name

    def path(self, form: Form) -> str:
        """Return where the file is below the site's root."""
        return f"data/{self.identifier}.{form}{'.gz' if self.packed else ''}"

    def content(self, form: Form) -> bytes:
        """Return the file: UTF-8, rows in the order of the frame."""
        lines = self.lines(form)
        # A row a line: what changed shows in a comparison of two versions, and no reader has to hold it all.
        objects = b"[\n" + lines + b"\n]\n" if lines else b"[]\n"
        made = self.heading() + lines if form == "csv" else objects
        self.sizes[form] = Made.of(made)
        return made

    def made(self, form: Form) -> Made:
        """Return what the file is like, which is known once it has been made."""
        return self.sizes[form]

    def heading(self) -> bytes:
        """Return the first line of the CSV."""
        return (",".join(column.name for column in self.columns) + "\r\n").encode()

    def lines(self, form: Form) -> bytes:
        """Return the rows alone: lines of a CSV, or objects with a comma and a line break between them."""
        if form not in self._lines:
            self._lines[form] = self._lines_of(form) if len(self.rows) else b""
        return self._lines[form]

    def _lines_of(self, form: Form) -> bytes:
        last = len(self.columns) - 1
        parts: list[Any] = []
        for number, column in enumerate(self.columns):
            if form == "csv":
                # The line ending that RFC 4180 gives; a cell is quoted where it must be.
                before, after = "," if number else "", "\r\n" if number == last else ""
            else:
                before = ("," if number else "{") + json.dumps(column.name) + ":"
                after = "},\n" if number == last else ""
            parts += _texts(self.rows[column.name], form, before, after, alone=not last)
        joined = pc.binary_join_element_wise(*parts, "")
        _, offsets, text = joined.buffers()
        end = pa.Array.from_buffers(pa.int32(), len(joined) + 1, [None, offsets])[-1].as_py()
        return bytes(text.slice(0, end if form == "csv" else end - 2))

    def resource(self) -> dict[str, Any]:
        """Return the descriptor of the CSV as a Frictionless tabular data resource."""
        made = self.made("csv")
        schema: dict[str, Any] = {
            "fields": [column.described() for column in self.columns],
            "missingValues": [""],
        }
        if self.key:
            schema["primaryKey"] = list(self.key)
        if self.refers:
            schema["foreignKeys"] = [
                {"fields": [name], "reference": {"resource": table, "fields": [column]}}
                for name, (table, column) in self.refers.items()
            ]
        return {
            "name": self.name,
            "type": "table",
            "profile": "tabular-data-resource",
            "title": self.title,
            "description": self.means,
            "path": self.path("csv").rpartition("/")[2],
            "format": "csv",
            **({"compression": "gz"} if self.packed else {}),
            "mediatype": MEDIA_TYPES["csv"],
            "encoding": "utf-8",
            "bytes": made.size,
            "hash": f"sha256:{made.sha256}",
            "schema": schema,
        }


def _texts(column: Cells | pa.Array, form: Form, before: str, after: str, *, alone: bool) -> list[Any]:
    """Return the cells of a column as text with what stands around each, as parts to be joined for each row."""
    if isinstance(column, Cells):
        told = [before + _told(_plain(value), form, alone=alone) + after for value in column.each]
        if column.codes is None:
            return [pa.scalar(told[0])]
        return [pa.array(told, pa.string()).take(column.codes)]
    plain = pc.cast(column, pa.string())
    odd = pc.fill_null(pc.match_substring_regex(plain, "[a-z]|^-0$|^-?0[.]0000"), fill_value=False)
    if pc.any(odd).as_py():
        # Very large and very small ones, which Arrow writes in other ways.
        fixed = [_told(_plain(value), form, alone=alone) for value in column.filter(odd).to_pylist()]
        plain = pc.replace_with_mask(plain, odd, pa.array(fixed, pa.string()))
    plain = pc.fill_null(plain, _told(None, form, alone=alone))
    return [pa.scalar(before), plain, *([pa.scalar(after)] if after else [])]


def _told(value: str | float | None, form: Form, *, alone: bool) -> str:
    """Return a plain cell as a form of the table has it. alone: the only one of its row."""
    if form == "json":
        return json.dumps(value, ensure_ascii=False)
    cell = _cell(value)
    if _QUOTED.search(cell) or (alone and not cell):
        cell = '"' + cell.replace('"', '""') + '"'
    return cell


def _plain(value: Any) -> str | int | float | None:
    """Return a cell as JSON has it. An empty text is nothing, as in a CSV."""
    found: str | int | float | None
    if isinstance(value, str):
        found = value or None
    elif pd.isna(value):
        found = None
    elif isinstance(value, dt.datetime):
        found = value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    elif isinstance(value, dt.date):
        found = value.isoformat()
    else:
        found = int(value) if float(value).is_integer() else float(value)
    return found


def _cell(value: float | str | None) -> str:
    if isinstance(value, str):
        return harmless(value)
    # All digits and no exponent, which not every reader of CSV knows.
    return "" if value is None else f"{Decimal(repr(value)):f}"
