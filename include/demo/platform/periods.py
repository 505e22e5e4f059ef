"""The platform's periods: UTC only, weeks from Monday 00:00."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum


class Period(StrEnum):
    """A kind of period. All moments given to it are aware and in UTC."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    def start(self, moment: dt.datetime) -> dt.datetime:
        """Return when the period that holds the moment began."""
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        match self:
            case Period.HOUR:
                return day.replace(hour=moment.hour)
            case Period.DAY:
                return day
            case Period.WEEK:
                return day - dt.timedelta(days=day.weekday())
            case Period.MONTH:
                return day.replace(day=1)
            case Period.QUARTER:
                return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
            case Period.YEAR:
                return day.replace(month=1, day=1)

    def later(self, start: dt.datetime, count: int = 1) -> dt.datetime:
        """Return the start of the period `count` periods after the one that starts at `start` (negative: before).

        Raises OverflowError outside the years 1 to 9999.
        """
        if self in _LENGTHS:
            return start + count * _LENGTHS[self]
        year, month = divmod(start.year * 12 + start.month - 1 + count * _MONTHS[self], 12)
        if not dt.MINYEAR <= year <= dt.MAXYEAR:
            raise OverflowError("a period outside the calendar")
        return start.replace(year=year, month=month + 1)

    def covering(self, start_at: dt.datetime, end_at: dt.datetime) -> Iterator[dt.datetime]:
        """Yield the starts of all periods that touch the half-open stretch, in order."""
        start = self.start(start_at)
        while start < end_at:
            yield start
            start = self.later(start)


_LENGTHS = {Period.HOUR: dt.timedelta(hours=1), Period.DAY: dt.timedelta(days=1), Period.WEEK: dt.timedelta(weeks=1)}
_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}
