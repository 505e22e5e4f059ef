"""The answer to a read: raw records, or records grouped, counted and collected, in the platform's shapes."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException

from demo.platform.contracts import Scalar
from demo.platform.periods import Period
from demo.platform.query import Collected, Query
from demo.platform.records import Stored

Answer = list[Mapping[str, Any]]
_Ranks = tuple[tuple[int, Any], ...]


@dataclass
class Bucket:
    """The records of one group in one period. start: None when the query has no period."""

    group: tuple[Scalar, ...]
    start: dt.datetime | None
    count: int = 0
    values: dict[str, list[Scalar]] = field(default_factory=dict)


def gather(records: Iterable[Stored], query: Query) -> list[Bucket]:
    """Put records into the buckets of a query, ordered by period, then by group.

    A record without one of the fields grouped by is left out. A collected field that is missing counts as null.
    """
    buckets: dict[tuple[float, _Ranks], Bucket] = {}
    keys = {each.key for each in query.collect}
    for stamped_at, record in records:
        if any(name not in record for name in query.group_by):
            continue
        group = tuple(record[name] for name in query.group_by)
        start = query.period.start(stamped_at) if query.period else None
        place = (start.timestamp() if start else 0.0, _ranks(group))
        bucket = buckets.get(place)
        if bucket is None:
            bucket = buckets[place] = Bucket(group, start, values={key: [] for key in keys})
        bucket.count += 1
        for key in keys:
            bucket.values[key].append(record.get(key))
    return [buckets[place] for place in sorted(buckets)]


def empty_periods_first(buckets: Sequence[Bucket], query: Query) -> int:
    """Count the periods without any record before the first one with some, from the side a `duration` starts at.

    The platform moves a stretch given by `duration` over them, once, so that a dashboard with stale data shows
    older periods. 0 when there is no record at all.
    """
    if not (query.slides and query.period and query.start_at and query.end_at and buckets):
        return 0
    filled = {bucket.start for bucket in buckets}
    starts = list(query.period.covering(query.start_at, query.end_at))
    seen = starts if query.slides > 0 else reversed(starts)
    return sum(1 for _ in itertools.takewhile(lambda start: start not in filled, seen))


def shape(buckets: Sequence[Bucket], query: Query) -> Answer:
    """Return the `data` of an answer. Raises HTTPException (400): a value cannot be collected, or sorted by."""
    if query.period and query.group_by and not query.flatten:
        return _nested(buckets, query, query.period)
    rows = [_flat_row(bucket, query) for bucket in buckets]
    rows = _ordered(rows, query)
    if query.period and query.start_at and query.end_at:
        return _filled(rows, query, query.period, query.start_at, query.end_at)
    return list(rows)


def _nested(buckets: Sequence[Bucket], query: Query, period: Period) -> Answer:
    by_group: dict[object, list[Bucket]] = {}
    for bucket in sorted(buckets, key=lambda each: _ranks(each.group)):
        by_group.setdefault(_ranks(bucket.group), []).append(bucket)
    rows = []
    for members in by_group.values():
        values = [_flat_row(bucket, query, with_group=False) for bucket in members]
        if query.start_at and query.end_at:
            found = {row["_start_at"]: row for row in values}
            values = [
                found.get(start.isoformat()) or _empty_row(start, query, period)
                for start in period.covering(query.start_at, query.end_at)
            ]
        rows.append(
            {
                **dict(zip(query.group_by, members[0].group, strict=True)),
                "_count": sum(bucket.count for bucket in members),
                "_group_count": len(members),
                **_collected(members, query.collect),
                "values": values,
            }
        )
    return list(_ordered(rows, query))


def _flat_row(bucket: Bucket, query: Query, *, with_group: bool = True) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(query.group_by, bucket.group, strict=True)) if with_group else {}
    if query.period and bucket.start:
        row |= _bounds(bucket.start, query.period)
    return {**row, "_count": bucket.count, **_collected([bucket], query.collect)}


def _empty_row(start: dt.datetime, query: Query, period: Period) -> dict[str, Any]:
    return {**_bounds(start, period), "_count": 0, **dict.fromkeys(_names(query.collect))}


def _filled(
    rows: Sequence[dict[str, Any]], query: Query, period: Period, start_at: dt.datetime, end_at: dt.datetime
) -> Answer:
    """Give every period every combination of the groups' values, in the order of the rows if that was asked for."""

    def place(row: Mapping[str, Any]) -> tuple[object, ...]:
        return (row["_start_at"], *(_rank(row[name]) for name in query.group_by))

    found = {place(row): row for row in rows}
    seen = [{_rank(row[name]): row[name] for row in rows} for name in query.group_by]
    values = [list((each if query.order else dict(sorted(each.items()))).values()) for each in seen]
    answer: Answer = []
    for start in period.covering(start_at, end_at):
        for group in itertools.product(*values):
            row = {**dict(zip(query.group_by, group, strict=True)), **_empty_row(start, query, period)}
            answer.append(found.get(place(row), row))
    return answer


def _bounds(start: dt.datetime, period: Period) -> dict[str, Any]:
    return {"_start_at": start.isoformat(), "_end_at": period.later(start).isoformat()}


def _ordered(rows: list[dict[str, Any]], query: Query) -> list[dict[str, Any]]:
    if query.order:
        key = query.order.key
        if any(key not in row for row in rows):
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"Invalid sort key {key}")
        rows = sorted(rows, key=lambda row: _rank(row[key]), reverse=query.order.direction == "descending")
    return rows[: query.limit]


def _names(collect: Iterable[Collected]) -> list[str]:
    return [name for each in collect for name in (f"{each.key}:{each.method}", each.key)[: 1 + each.plain]]


def _collected(buckets: Sequence[Bucket], collect: Iterable[Collected]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for each in collect:
        values = [value for bucket in buckets for value in bucket.values[each.key]]
        result |= dict.fromkeys(_names([each]), _reduced(values, each.method))
    return result


def _reduced(values: list[Any], method: str) -> Any:
    if method == "count":
        return len(values)
    if method == "set":
        return [value for _, value in sorted({_rank(value): value for value in values}.items())]
    try:
        total = sum(values)
        return total if method == "sum" else total / float(len(values))
    except (TypeError, OverflowError):
        # One null, missing or text value is enough.
        raise HTTPException(HTTPStatus.BAD_REQUEST, "invalid collect function") from None


def _rank(value: Any) -> tuple[int, Any]:
    """Return what a value is sorted and told apart by: null, then numbers, then truth values, text and lists."""
    if value is None:
        return 0, 0
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, (int, float)):
        return 1, value
    return (3, value) if isinstance(value, str) else (4, [_rank(each) for each in value])


def _ranks(group: Iterable[Scalar]) -> _Ranks:
    return tuple(_rank(value) for value in group)
