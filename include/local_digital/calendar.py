"""The Europe/London calendar: days, weeks from Monday, months, calendar quarters."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def midnight(day: dt.date) -> dt.datetime:
    """Return the moment (aware) at which a local day begins."""
    return dt.datetime.combine(day, dt.time(), LONDON)


def local_day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(LONDON).date()


def period_start(kind: str, day: dt.date) -> dt.date:
    """Return the first day of the period that holds a day: a Monday (`week`), or the 1st (`month`, `quarter`)."""
    if kind == "week":
        return day - dt.timedelta(days=day.weekday())
    return day.replace(month=day.month - (day.month - 1) % 3 if kind == "quarter" else day.month, day=1)


def period_end(kind: str, start: dt.date) -> dt.date:
    """Return the first day after a period."""
    if kind == "day":
        return start + dt.timedelta(days=1)
    if kind == "week":
        return start + dt.timedelta(days=7)
    return (start + dt.timedelta(days=94 if kind == "quarter" else 32)).replace(day=1)
