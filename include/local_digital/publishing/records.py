"""Records as the platform takes them: how they are named, compared and checked before they leave.

Every rule is one observed on the platform's data store (reference: performance-platform contract). What it cannot
hold it answers with 500, and some of that breaks every later write by anybody until it is restarted. So nothing is
sent that has not passed `check_batch`; rules that the platform only advises are kept too.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from local_digital.errors import DataError

Value: TypeAlias = str | int | float | bool | None
Record: TypeAlias = dict[str, Value]

# `transactions-by-channel` refuses quarters, other record contracts know them.
PERIODS = ("hour", "day", "week", "month", "year")
LONGEST_ID = 999

_TIMES = ("_timestamp", "_start_at", "_end_at")
_MAY_BE_SENT = frozenset({"_id", *_TIMES})
_KEY = re.compile(r"[a-z_][a-z0-9_]+")
_ID = re.compile(r"[!-.0-~]+")  # printable ASCII without white space and without a slash
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PART = re.compile(r"(?:^|\.)((?:[^.\\]|\\.)*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_DIGEST = re.compile(r"\\[0-9a-f]{64}")


def timestamp(day: dt.date) -> str:
    """Label a local day, Monday or 1st as midnight UTC, the one form the platform files in the right period."""
    if isinstance(day, dt.datetime):
        raise TypeError("a timestamp is made from a day of the local calendar, not from an instant")
    return f"{day.isoformat()}T00:00:00+00:00"


def hour_timestamp(hour: dt.datetime) -> str:
    """Label an hour of UTC by its beginning. hour: aware, without minutes; anything else is a TypeError."""
    if hour.utcoffset() != dt.timedelta(0) or (hour.minute, hour.second, hour.microsecond) != (0, 0, 0):
        raise TypeError("an hour's timestamp is made from its beginning in UTC")
    return f"{hour:%Y-%m-%dT%H}:00:00+00:00"


def record_id(start: dt.date, period: str, *dimensions: str) -> str:
    """Return the id of a record: URL-safe base64 of timestamp, period and every dimension, joined by dots.

    start: the local day on which the period begins; of the period `hour`, its beginning in UTC (aware). The same
    record has the same id for ever, so sending it again replaces it. A dot or a backslash within a part is escaped by a
    backslash, so that different dimensions never share an id. Where the id would be too long, a backslash with the
    SHA-256 of the dimensions stands for them: no escaped text looks like that.
    """
    # Surrogates pass here and are refused where they can do harm, in the record's values.
    parts = [part.replace("\\", r"\\").replace(".", r"\.") for part in (period, *dimensions)]
    stamp = _stamp(start, period)
    plain = _base64(".".join([stamp, *parts]))
    if len(plain) <= LONGEST_ID:
        return plain
    digest = hashlib.sha256(".".join(parts[1:]).encode(errors="surrogatepass")).hexdigest()
    return _base64(rf"{stamp}.{parts[0]}.\{digest}")


def _stamp(start: dt.date, period: str) -> str:
    if period != "hour":
        return timestamp(start)
    if not isinstance(start, dt.datetime):
        raise TypeError("an hour begins at an instant, not on a day")
    return hour_timestamp(start)


def described(an_id: str) -> str:
    """Say in words what an id made by `record_id` names, such as "week from 2025-11-03, Blythe".

    Labels that it holds only as their SHA-256 cannot be told, and it says so; so it does of an id that others made.
    """
    try:
        spelt = base64.b64decode(an_id, altchars=b"-_", validate=True).decode(errors="surrogatepass")
        stamp, *parts = _PART.findall(spelt)
        moment = dt.datetime.fromisoformat(stamp)
        hourly = parts[:1] == ["hour"]
        start, told = (moment, f"{moment:%Y-%m-%d %H:%M} UTC") if hourly else (moment.date(), str(moment.date()))
        stamp = _stamp(start, *parts[:1])
    except (ValueError, TypeError):
        parts = []
    # Only what comes to the same id again is one of ours.
    match parts:
        case [period, digest] if _DIGEST.fullmatch(digest) and _base64(f"{stamp}.{period}.{digest}") == an_id:
            return _printable(f"{period} from {told}, labels too long to be told from the id")
        case [_, *_] if record_id(start, *(plain := [_ESCAPED.sub(r"\1", part) for part in parts])) == an_id:
            return _printable(", ".join([f"{plain[0]} from {told}", *plain[1:]]))
    return f"an id that is not ours, {ascii(an_id)[:80]}"


def is_usable_id(value: object) -> bool:
    """Say whether the platform can store, find and delete a record under this `_id`."""
    # A path that ends in a dot or two dots would be shortened on its way to the platform.
    return (
        isinstance(value, str)
        and len(value) <= LONGEST_ID
        and _ID.fullmatch(value) is not None
        and value not in {".", ".."}
    )


def payload_hash(record: Mapping[str, Value]) -> str:
    """Return the SHA-256 (hex) of a record's canonical JSON: equal records have equal hashes.

    5 and 5.0 are the same number here, since stores do not keep the difference. Raises ValueError for NaN and
    infinity.
    """
    plain = {key: _whole_when_possible(value) for key, value in record.items()}
    return hashlib.sha256(
        json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    ).hexdigest()


def as_stored(read: Mapping[str, Value]) -> Record:
    """Return a record as it was sent from one that was read back.

    Without the fields that the platform adds (`_week_start_at`, `_updated_at`, ...), and with its times in UTC,
    spelt as `timestamp` does. `payload_hash` of the outcome equals that of the record sent.
    """
    kept = {key: value for key, value in read.items() if not key.startswith("_") or key in _MAY_BE_SENT}
    return {key: _in_utc(value) if key in _TIMES else value for key, value in kept.items()}


def check(record: Mapping[str, Value], data_type: str, position: int | None = None) -> None:
    """Raise DataError when the platform, or the record contract of this data type, would not take a record.

    position: the record's number in its batch from 1, which names it when it has no usable `_id`. The error names
    data type, record and key, never a value.
    """
    fault = next(_faults(record, data_type), None)
    if fault is None:
        return
    raise _refusal(record, data_type, position, fault)


def check_batch(records: Sequence[Mapping[str, Value]], data_type: str) -> None:
    """Check every record of a push, and that no `_id` comes twice (the last would silently win)."""
    seen: set[Value] = set()
    for position, record in enumerate(records, start=1):
        check(record, data_type, position)
        if record["_id"] in seen:
            raise _refusal(record, data_type, position, _Fault("_id", "each id once in a push", "it comes twice"))
        seen.add(record["_id"])


class _Fault(NamedTuple):
    key: str
    expected: str
    found: str


class _Rule(NamedTuple):
    """What a field must hold; a record may do without it when it is not required."""

    holds: Callable[[Value], bool]
    expected: str
    required: bool = True

    def when_present(self) -> _Rule:
        return self._replace(required=False)


def _faults(record: Mapping[str, Value], data_type: str) -> Iterator[_Fault]:
    for key, value in record.items():
        if not _is_key(key):
            yield _Fault(ascii(key)[:80], "a key of a-z, 0-9 and _ that the platform lets us send", "another key")
        elif not _STORABLE.holds(value):
            yield _Fault(key, _STORABLE.expected, _kind(value))
    for key, rule in {**_ANY, **_CONTRACTS.get(data_type, {})}.items():
        if key in record:
            if not rule.holds(record[key]):
                yield _Fault(key, rule.expected, f"{_kind(record[key])} that is not")
        elif rule.required:
            yield _Fault(key, rule.expected, "no such key")
    start, end = record.get("_start_at"), record.get("_end_at")
    if start is not None and end is not None and not str(start) < str(end):
        yield _Fault("_end_at", "a day after `_start_at`", "the same day or an earlier one")


def _refusal(record: Mapping[str, Value], data_type: str, position: int | None, fault: _Fault) -> DataError:
    name = "without a usable id" if position is None else f"number {position}"
    if is_usable_id(record.get("_id")):
        name = str(record["_id"])
    return DataError(
        f"{data_type}: record {name}: `{fault.key}`",
        expected=fault.expected,
        found=fault.found,
        action="Nothing of this push was sent. This is a defect in what builds the records; report it.",
    )


def _base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode(errors="surrogatepass")).decode()


def _printable(text: str) -> str:
    """Return a text fit for any log."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _whole_when_possible(value: Value) -> Value:
    if isinstance(value, float) and value.is_integer():
        # By its shortest decimals, which is how a store spells it: int(1e23) would be another number.
        return int(Decimal(str(float(value))))
    return value


def _in_utc(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        moment = dt.datetime.fromisoformat(value)
        return moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC).isoformat()
    except (ValueError, OverflowError):
        return value  # not a time the platform could have stored; reconcile will show the difference


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {str: "a text", bool: "a truth value", int: "a whole number", float: "a number with a point"}
    return names.get(type(value), "a value of another kind")


def _is_key(key: object) -> bool:
    return isinstance(key, str) and _KEY.fullmatch(key) is not None and (not key.startswith("_") or key in _MAY_BE_SENT)


def is_storable(value: object) -> bool:
    """Say whether the platform, and a database, can hold a value at all."""
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is None
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return isinstance(value, float) and math.isfinite(value)


def _is_text(value: Value) -> bool:
    return isinstance(value, str) and value != ""


def _is_count(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_share(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_period(value: Value) -> bool:
    return value in PERIODS


def _is_period_or_quarter(value: Value) -> bool:
    return value in (*PERIODS, "quarter")


def _is_day(value: Value) -> bool:
    return _is_spelt_as(value, lambda moment: timestamp(moment.date()))


def _is_hour(value: Value) -> bool:
    return _is_spelt_as(value, lambda moment: f"{moment:%Y-%m-%dT%H}:00:00+00:00")


def _is_spelt_as(value: Value, spelling: Callable[[dt.datetime], str]) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return spelling(dt.datetime.fromisoformat(value)) == value
    except ValueError:
        return False


# A null makes every sum over its field fail, and no record of ours needs one.
_STORABLE = _Rule(
    is_storable,
    "a text without U+0000 or lone surrogates, a 64-bit whole number, a finite number or a truth value",
)
_IDENTIFIER = _Rule(is_usable_id, "1 to 999 printable ASCII characters without space or slash")
_DAY = _Rule(_is_day, "a day written YYYY-MM-DDT00:00:00+00:00")
_HOUR = _Rule(_is_hour, "an hour written YYYY-MM-DDTHH:00:00+00:00")
_PERIOD = _Rule(_is_period, "one of hour, day, week, month, year")
_PERIOD_OR_QUARTER = _Rule(_is_period_or_quarter, "one of hour, day, week, month, quarter, year")
_TEXT = _Rule(_is_text, "a text that is not empty")
_COUNT = _Rule(_is_count, "a whole number from 0, such as 5 and not 5.0")
_NUMBER = _Rule(_is_number, "a number")
_SHARE = _Rule(_is_share, "a number from 0 to 1")

_ANY = {
    "_id": _IDENTIFIER,
    "_timestamp": _DAY,
    "_start_at": _DAY.when_present(),
    "_end_at": _DAY.when_present(),
    "period": _PERIOD_OR_QUARTER.when_present(),
}
_SPAN = {"_start_at": _DAY, "_end_at": _DAY}
_RATINGS = {f"rating_{stars}": _COUNT for stars in range(1, 6)}
_CONTRACTS: dict[str, dict[str, _Rule]] = {
    "transactions-by-channel": {"channel": _TEXT, "count": _COUNT, "period": _PERIOD},
    "missed-bin-by-ward": {"ward": _TEXT, "missed_bins": _COUNT, "period": _PERIOD},
    "digital-takeup": {**_SPAN, "rate": _SHARE},
    "completion-rate": {**_SPAN, "rate": _SHARE},
    "customer-satisfaction": {**_RATINGS, "comments": _COUNT, "total": _COUNT, "slug": _TEXT},
    "user-satisfaction-score": {**_SPAN, **_RATINGS, "num_responses": _COUNT, "score": _SHARE},
    "cost-per-transaction": {"period": _PERIOD_OR_QUARTER, "channel": _TEXT, "count": _NUMBER, "end_at": _DAY},
    # The platform takes records without the last two, and its availability modules then break.
    "monitoring": {
        "_timestamp": _HOUR,
        "uptime": _COUNT,
        "downtime": _COUNT,
        "unmonitored": _COUNT,
        "avgresponse": _COUNT,
        "check": _TEXT.when_present(),
    },
}
