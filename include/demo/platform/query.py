"""What a read asks for: the parameters of its URL, checked, with the platform's messages."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Literal, NoReturn, cast

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from demo.platform.periods import Period

Direction = Literal["ascending", "descending"]

_PARAMETERS = {
    "start_at", "end_at", "duration", "period", "group_by", "collect", "filter_by", "sort_by", "limit", "flatten",
}  # fmt: skip
_KEY = re.compile(r"[a-z_][a-z0-9_]+", re.IGNORECASE | re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[+-]\d{2}:?\d{2}|Z)", re.ASCII)
_METHODS = ("sum", "count", "set", "mean")


@dataclass(frozen=True)
class Collected:
    """One `collect`. plain: asked without a method, which is a `set` under two names."""

    key: str
    method: str
    plain: bool = False


@dataclass(frozen=True)
class Order:
    """One `sort_by`."""

    key: str
    direction: Direction


@dataclass(frozen=True)
class Query:
    """A checked read. start_at, end_at: half-open, aware, in UTC.

    slides: for a stretch given by `duration`, which way the platform looks for data when the stretch begins empty:
    1 towards later periods, -1 towards earlier ones; 0 for any other.
    """

    start_at: dt.datetime | None
    end_at: dt.datetime | None
    slides: Literal[-1, 0, 1]
    period: Period | None
    group_by: tuple[str, ...]
    collect: tuple[Collected, ...]
    filters: tuple[tuple[str, str], ...]
    order: Order | None
    limit: int | None
    flatten: bool

    @property
    def is_grouped(self) -> bool:
        return bool(self.period or self.group_by)

    def moved(self, periods: int) -> Query:
        """Return the same query about a stretch this many periods later, which stays where it is."""
        if not (self.period and self.start_at and self.end_at):
            raise ValueError("only a bounded query by period can be moved")
        return replace(
            self,
            start_at=self.period.later(self.start_at, periods),
            end_at=self.period.later(self.end_at, periods),
            slides=0,
        )


def parse(parameters: QueryParams, now: dt.datetime) -> Query:
    """Read the parameters of a URL. now: aware, in UTC; where a `duration` ends when nothing else is said.

    Raises HTTPException (400) with the first fault.
    """
    if set(parameters) - _PARAMETERS:
        _refuse("An unrecognised parameter was provided")
    period = _period(parameters)
    group_by = tuple(dict.fromkeys(parameters.getlist("group_by")))
    for key in group_by:
        _check_key(key, "group by", may_be_internal=False)
    start_at, end_at, slides = _stretch(parameters, period, now)
    return Query(
        start_at=start_at,
        end_at=end_at,
        slides=slides,
        period=period,
        group_by=group_by,
        collect=_collect(parameters.getlist("collect"), group_by, period),
        filters=tuple(_filter(each) for each in parameters.getlist("filter_by")),
        order=_order(parameters.get("sort_by"), group_by, period),
        limit=_count(parameters, "limit") or None,
        flatten=parameters.get("flatten") == "true",
    )


def _refuse(message: str) -> NoReturn:
    raise HTTPException(HTTPStatus.BAD_REQUEST, message)


def _check_key(key: str, use: str, *, may_be_internal: bool) -> None:
    if not _KEY.fullmatch(key):
        _refuse(f"Cannot {use} an invalid field name")
    if key.startswith("_") and not may_be_internal:
        _refuse(f"Cannot {use} internal fields, internal fields start with an underscore")


def _period(parameters: QueryParams) -> Period | None:
    name = parameters.get("period")
    if name is None:
        return None
    if name not in set(Period):
        _refuse(f"'period' must be one of {[each.value for each in Period]}")
    return Period(name)


def _stretch(
    parameters: QueryParams, period: Period | None, now: dt.datetime
) -> tuple[dt.datetime | None, dt.datetime | None, Literal[-1, 0, 1]]:
    start_at, end_at = _moment(parameters, "start_at"), _moment(parameters, "end_at")
    duration = _count(parameters, "duration")
    if duration is None:
        if (start_at is None) != (end_at is None):
            _refuse("'start_at' needs 'end_at' or 'duration', and 'end_at' needs 'start_at' or 'duration'")
        return start_at, end_at, 0
    if start_at and end_at:
        _refuse("'duration' goes with 'start_at' or with 'end_at', not with both")
    if period is None:
        _refuse("'duration' needs a 'period'")
    if duration == 0:
        _refuse("duration must be a positive integer")
    first = period.start(start_at or end_at or now)
    try:
        other = period.later(first, duration if start_at else -duration)
    except OverflowError:
        _refuse("duration must be a positive integer")
    return (first, other, 1) if start_at else (other, first, -1)


def _moment(parameters: QueryParams, name: str) -> dt.datetime | None:
    value = parameters.get(name)
    if value is None:
        return None
    if _MOMENT.fullmatch(value):
        try:
            return dt.datetime.fromisoformat(value).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            pass
    _refuse(f"{name} is not a valid datetime")


def _count(parameters: QueryParams, name: str) -> int | None:
    value = parameters.get(name)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", value):
        _refuse(f"{name} must be a positive integer")
    return int(value)


def _collect(asked: Sequence[str], group_by: tuple[str, ...], period: Period | None) -> tuple[Collected, ...]:
    if asked and not (group_by or period):
        _refuse("collect can be use only with either ['group_by', 'period']")
    collected = []
    for each in asked:
        key, colon, method = each.partition(":")
        if colon and method not in _METHODS:
            _refuse("Unknown collection method")
        _check_key(key, "collect", may_be_internal=False)
        if key in group_by:
            _refuse("Cannot collect by a field that is used for group_by")
        collected.append(Collected(key, method or "set", plain=not colon))
    return tuple(collected)


def _filter(asked: str) -> tuple[str, str]:
    key, colon, value = asked.partition(":")
    if not colon:
        _refuse("filter_by must be a field name and value separated by a colon (:) eg. authority:Westminster")
    _check_key(key, "filter by", may_be_internal=True)
    if "\0" in value:
        _refuse("Cannot filter by a value with a NUL")
    return key, value


def _order(asked: str | None, group_by: tuple[str, ...], period: Period | None) -> Order | None:
    if asked is None:
        return None
    if period and not group_by:
        _refuse("Cannot sort for period queries without group_by. Period queries are always sorted by time.")
    key, colon, direction = asked.rpartition(":")
    if not colon:
        _refuse("sort_by must be a field name and sort direction separated by a colon (:) eg. authority:ascending")
    if direction not in {"ascending", "descending"}:
        _refuse("Unrecognised sort direction. Supported directions include: ascending, descending")
    _check_key(key, "sort by", may_be_internal=True)
    return Order(key, cast("Direction", direction))
