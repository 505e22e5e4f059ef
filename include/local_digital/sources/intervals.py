"""How the time that an API is asked for is cut into intervals, each a delivery of its own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from local_digital import calendar
from local_digital.sources import Interval

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def cut(
    complete_until: dt.datetime | None,
    until: dt.datetime,
    *,
    first_day: dt.date,
    again: int,
    days: int,
    zone: ZoneInfo | dt.timezone,
) -> list[Interval]:
    """Return the intervals of at most `days` that lead to `until`, oldest first, cut at midnights of a zone.

    They begin `again` days before what is complete, or on the local day `first_day`.
    """
    first = calendar.midnight(first_day).astimezone(zone).date()
    start = first
    if complete_until is not None:
        start = max(first, complete_until.astimezone(zone).date() - dt.timedelta(days=again))
    # Deliveries are loaded in the order of their ends, and a later end wins. So what is read again must never come
    # with an earlier end than before: either the first interval ends after all that were before, or the cuts stay.
    edge = start
    if complete_until is not None and _midnight(start + dt.timedelta(days=days), zone) <= complete_until:
        edge = first
    found = []
    while _midnight(start, zone) < until:
        while edge <= start:
            edge += dt.timedelta(days=days)
        found.append(Interval(_midnight(start, zone), min(_midnight(edge, zone), until)))
        start = edge
    return found


def _midnight(day: dt.date, zone: ZoneInfo | dt.timezone) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone)
