"""Records as the platform takes them, and the checks that keep poison away from it.

The rules are those observed on the platform's data store: a value it cannot hold is answered with 500 and breaks every
later write by anybody until it is restarted, so nothing is sent that has not passed `check_batch`.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import math
import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from local_digital.errors import DataError

Value: TypeAlias = str | int | float | bool | None
Record: TypeAlias = dict[str, Value]

PERIODS = ("hour", "day", "week", "month", "year")
_MAY_BE_SENT = frozenset({"_id", "_timestamp", "_start_at", "_end_at"})
_KEY = re.compile(r"[a-z_][a-z0-9_]+")
_ID = re.compile(r"[!-.0-~]+")  # printable ASCII without white space and without a slash
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T00:00:00\+00:00")
_LONGEST_ID = 999
_BIGGEST = 2**63


def timestamp(day: dt.date) -> str:
    """Label a local day, Monday or 1st as midnight UTC, the one form the platform files in the right period."""
    return f"{day.isoformat()}T00:00:00+00:00"


def record_id(day: dt.date, period: str, *dimensions: str) -> str:
    """Return the id of a record: URL-safe base64 of timestamp, period and every dimension, joined by dots.

    The same record has the same id for ever, so sending it again replaces it. A dimension with a dot or a backslash is
    escaped, that different dimensions never share an id; a very long one is replaced by its SHA-256.
    """
    parts = [part.replace("\\", "\\\\").replace(".", "\\.") for part in dimensions]
    plain = ".".join([timestamp(day), period, *parts])
    encoded = base64.urlsafe_b64encode(plain.encode()).decode()
    if len(encoded) > _LONGEST_ID:
        digest = hashlib.sha256("\0".join(dimensions).encode()).hexdigest()
        encoded = base64.urlsafe_b64encode(f"{timestamp(day)}.{period}.sha256-{digest}".encode()).decode()
    return encoded


def payload_hash(record: Record) -> str:
    """Return the SHA-256 (hex) of a record's canonical JSON; equal records have equal hashes."""
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def as_stored(read: Record) -> Record:
    """Return a record as it was sent from one that was read back: without the fields that the platform adds."""
    kept = {key: value for key, value in read.items() if not key.startswith("_") or key in _MAY_BE_SENT}
    for key in ("_timestamp", "_start_at", "_end_at"):
        value = kept.get(key)
        if isinstance(value, str):
            try:
                moment = dt.datetime.fromisoformat(value)
            except ValueError:
                continue
            kept[key] = moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC).isoformat()
    return kept


def check_batch(records: Sequence[Record], data_type: str) -> None:
    """Check every record, and that no id comes twice.

    Raises DataError naming data type, record id (or position) and key, never the value.
    """
    seen: set[Value] = set()
    for position, record in enumerate(records):
        fault = _fault(record, data_type)
        if fault is None and record["_id"] in seen:
            fault = "_id", "each id once in a push"
        if fault:
            key, expected = fault
            name = record.get("_id") if _is_id(record.get("_id")) else f"at position {position}"
            raise DataError(
                f"{data_type}: record {name}: `{key}`",
                expected=expected,
                found="something else",
                action="Nothing of this push was sent. This is a defect in what the marts hold; report it.",
            )
        seen.add(record["_id"])


def _fault(record: Record, data_type: str) -> tuple[str, str] | None:
    if not _is_id(record.get("_id")):
        return "_id", "printable ASCII below 1,000 bytes without space or slash"
    for key, value in record.items():
        if not _KEY.fullmatch(key) or (key.startswith("_") and key not in _MAY_BE_SENT):
            return ascii(key)[:80], "a key of a-z, 0-9 and _ that the platform takes"
        if not _is_safe(value):
            return key, "text without control zeros, a 64-bit integer, a finite number or a truth value"
    for key in ("_timestamp", "_start_at", "_end_at"):
        needed = key == "_timestamp" or key in _SHAPES.get(data_type, {})
        if (key in record or needed) and not _is_timestamp(record.get(key)):
            return key, "a day as YYYY-MM-DDT00:00:00+00:00"
    for key, rule in _SHAPES.get(data_type, {}).items():
        if not rule(record.get(key)):
            return key, f"what the record contract of {data_type} says"
    return None


def _is_id(value: Value) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_ID and bool(_ID.fullmatch(value))


def _is_timestamp(value: Value) -> bool:
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        return False
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_safe(value: object) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, bool):
        return True
    if isinstance(value, int):
        return -_BIGGEST <= value < _BIGGEST
    # A null measure makes every sum over the data set fail, and no record of ours needs a null.
    return isinstance(value, float) and math.isfinite(value)


def _text(value: Value) -> bool:
    return isinstance(value, str) and value != ""


def _count(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _share(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _period(value: Value) -> bool:
    return value in PERIODS


# The record contract of each data type; those the platform only advises are kept too.
_SHAPES: dict[str, dict[str, Callable[[Value], bool]]] = {
    "transactions-by-channel": {"channel": _text, "count": _count, "period": _period},
    "missed-bin-by-ward": {"ward": _text, "missed_bins": _count, "period": _period},
    "digital-takeup": {"_start_at": _is_timestamp, "_end_at": _is_timestamp, "rate": _share},
    "completion-rate": {"_start_at": _is_timestamp, "_end_at": _is_timestamp, "rate": _share},
    "cost-per-transaction": {"period": _period, "channel": _text, "count": _number, "end_at": _text},
    "monitoring": {"uptime": _count, "downtime": _count, "unmonitored": _count, "avgresponse": _count},
}
