"""Tables as open data: the same rows as CSV and as JSON, described as a Frictionless tabular data resource."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import pandas as pd

Form = Literal["csv", "json"]
FORMS: tuple[Form, ...] = ("csv", "json")
MEDIA_TYPES: dict[Form, str] = {"csv": "text/csv", "json": "application/json"}
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection): the signs with their full-width and
# small forms, also after blanks and letters that are not seen, which some spreadsheets take off.
_SIGN = "[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
_BLANK = "(?:[^\\S\\t\\r\\n]|[\\x00-\\x08\\x0e-\\x1b\\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff])"
# Where a formula may begin: at the beginning, and where a spreadsheet with another separator than the comma, or one
# that takes a line break for a new row, would have a cell begin. An apostrophe is there doubled, so that taking one off
# always gives the word back.
_FORMULA = re.compile(f"^(?=['\\t\\r\\n]|{_BLANK}*{_SIGN})|(?<=[;\\t\\r\\n])(?='|{_BLANK}*{_SIGN})")


def harmless(text: str) -> str:
    """Return a text for a CSV, with an apostrophe wherever a spreadsheet would take what follows for a formula."""
    return _FORMULA.sub("'", text)


@dataclass(frozen=True)
class Column:
    """A column of a table. type: as in Frictionless Table Schema. means: a sentence. unit: of a number, in words.

    values: all that it may hold, where that is agreed. required: never empty.
    """

    name: str
    title: str
    means: str
    type: Literal["string", "integer", "number", "date", "datetime"] = "string"
    required: bool = True
    values: tuple[str, ...] = ()
    unit: str | None = None
    least: int | None = None

    def described(self) -> dict[str, Any]:
        """Return the field descriptor."""
        constraints: dict[str, Any] = {}
        if self.required:
            constraints["required"] = True
        if self.values:
            constraints["enum"] = list(self.values)
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


@dataclass(frozen=True)
class Table:
    """A table of the open data.

    name: of its files, without ending. folder: the transaction's, empty at the root. columns: in order; frame: its
    rows, with these columns at least. key: columns that tell rows apart. refers: column to the table and column of
    the same folder that it names. period: how often there is a new row, None where that is no question. first_day,
    last_day: of what the rows tell. issued, modified: when its figures were first released and last changed (UTC).
    gss_codes: of the councils in it.
    """

    name: str
    folder: str
    title: str
    means: str
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    key: tuple[str, ...] = ()
    refers: dict[str, tuple[str, str]] = field(default_factory=dict)
    period: Literal["week", "month", "quarter"] | None = None
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    issued: dt.datetime | None = None
    modified: dt.datetime | None = None
    gss_codes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    _made: dict[Form, Made] = field(default_factory=dict, compare=False, repr=False)

    @property
    def identifier(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name

    def path(self, form: Form) -> str:
        """Return where the file is below the site's root."""
        return f"data/{self.identifier}.{form}"

    def content(self, form: Form) -> bytes:
        """Return the file: UTF-8, rows in the order of the frame."""
        made = self._csv() if form == "csv" else self._json()
        self._made[form] = Made(len(made), hashlib.sha256(made).hexdigest())
        return made

    def made(self, form: Form) -> Made:
        """Return what the file is like, making it where that has not been done."""
        if form not in self._made:
            self.content(form)
        return self._made[form]

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
            "path": f"{self.name}.csv",
            "format": "csv",
            "mediatype": MEDIA_TYPES["csv"],
            "encoding": "utf-8",
            "bytes": made.size,
            "hash": f"sha256:{made.sha256}",
            "schema": schema,
        }

    def _rows(self) -> zip[tuple[Any, ...]]:
        return zip(*([_plain(value) for value in self.frame[column.name]] for column in self.columns), strict=True)

    def _csv(self) -> bytes:
        written = io.StringIO(newline="")
        # The line ending that RFC 4180 gives; a cell is quoted where it must be.
        writer = csv.writer(written, lineterminator="\r\n")
        writer.writerow([column.name for column in self.columns])
        writer.writerows([[_cell(value) for value in row] for row in self._rows()])
        return written.getvalue().encode()

    def _json(self) -> bytes:
        names = [column.name for column in self.columns]
        # A row a line: what changed shows in a comparison of two versions, and no reader has to hold it all.
        lines = [
            json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, separators=(",", ":"))
            for row in self._rows()
        ]
        return ("[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n").encode()


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
