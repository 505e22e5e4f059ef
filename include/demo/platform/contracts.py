"""What a record must be: the rules for all records, and the contracts of the data types that enforce one.

Sources: the data store's own checks, and the record schemas of the service that configured it ("Stagecraft").
The platform's messages name no record; neither do these.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from demo.platform.periods import Period

Scalar = str | int | float | bool | None

_KEY = re.compile(r"[a-z_][a-z0-9_]+", re.IGNORECASE | re.ASCII)
_SPACE = re.compile(r"\s")
_TIMES = ("_timestamp", "_start_at", "_end_at")
_INTERNAL_KEYS = {"_id", *_TIMES}
_INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True)
class Field:
    """What a contract asks of one field. kind: its JSON type, or None for any. one_of: the values it may take."""

    kind: Literal["string", "integer"] | None
    required: bool = True
    one_of: tuple[str, ...] = ()

    def faults(self, value: object) -> Iterator[str]:
        """Yield what is wrong with a value. An integer is written without a point: 5.0 is none."""
        fits = isinstance(value, str) if self.kind == "string" else type(value) is int
        if self.kind and not fits:
            yield f"{value!r} is not of type '{self.kind}'"
        if self.one_of and value not in self.one_of:
            yield f"{value!r} is not one of {list(self.one_of)}"


_INTEGER = Field("integer")
_STAMP = {"_timestamp": Field("string")}
# Data types that are not here have an advisory contract: only `_timestamp` is enforced.
_CONTRACTS: Mapping[str, Mapping[str, Field]] = {
    "transactions-by-channel": {
        "channel": Field("string"),
        "count": _INTEGER,
        "period": Field(None, required=False, one_of=("hour", "day", "week", "month", "year")),
    },
    "monitoring": {"uptime": _INTEGER, "downtime": _INTEGER},
    "customer-satisfaction": {
        **{f"rating_{stars}": _INTEGER for stars in range(1, 6)},
        "comments": _INTEGER,
        "total": _INTEGER,
        "slug": Field("string"),
    },
}


@dataclass(frozen=True)
class Record:
    """A record fit to be stored. stamped_at: its `_timestamp`, aware, in UTC. fields: all that a read returns."""

    id: str
    stamped_at: dt.datetime
    fields: Mapping[str, Scalar]


def check(sent: Sequence[object], data_type: str) -> tuple[list[Record], list[str]]:
    """Return the records ready to be stored, and the faults found in any of them.

    sent: the parsed JSON values. A record without `_id` gets one of its own, so a retry stores it twice.
    Unless there are no faults, nothing may be stored.
    """
    faults: list[str] = []
    records: list[Record] = []
    for each in sent:
        found = list(_faults(each, data_type)) if isinstance(each, dict) else ["a record must be an object"]
        faults += found
        if isinstance(each, dict) and not found:
            records.append(_ready(each))
    return records, faults


def _faults(sent: Mapping[str, object], data_type: str) -> Iterator[str]:
    for name, field in {**_STAMP, **_CONTRACTS.get(data_type, {})}.items():
        if name in sent:
            yield from field.faults(sent[name])
        elif field.required:
            yield f"'{name}' is a required property"
    for name in _TIMES:
        if name in sent and _moment(sent[name], needs_time=name == "_timestamp") is None:
            yield f"{name} is not a valid timestamp, it must be ISO8601"
    yield from list(_field_faults(sent))[:1]


def _field_faults(sent: Mapping[str, object]) -> Iterator[str]:
    for key, value in sent.items():
        if not _KEY.fullmatch(key):
            yield f"{key} is not a valid key"
        elif key.startswith("_") and key not in _INTERNAL_KEYS:
            yield f"{key} is not a recognised internal field"
        elif not _storable(value):
            yield f"{key} has an invalid value"
        elif key == "_id" and not _is_id(value):
            yield "_id is not a valid id"


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value != "" and value.isascii() and not _SPACE.search(value)


def _storable(value: object) -> bool:
    # NaN, Infinity, NUL and lone surrogates pass here, as they do there: the database is what refuses them.
    if type(value) is int:
        return value in _INTEGERS
    return value is None or isinstance(value, (str, float, bool))


def _moment(value: object, *, needs_time: bool) -> dt.datetime | None:
    if not isinstance(value, str) or (needs_time and "T" not in value):
        return None
    try:
        moment = dt.datetime.fromisoformat(value)
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _ready(sent: Mapping[str, Scalar]) -> Record:
    times = {name: moment for name in _TIMES if (moment := _moment(sent.get(name), needs_time=False))}
    stamped_at = times["_timestamp"]
    id_ = str(sent.get("_id") or uuid.uuid4().hex)
    fields = {
        **sent,
        **{name: moment.isoformat() for name, moment in times.items()},
        **{f"_{period}_start_at": period.start(stamped_at).isoformat() for period in Period},
        "_id": id_,
    }
    return Record(id_, stamped_at, fields)
