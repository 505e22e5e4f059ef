"""Cron expressions of councils' files, checked where they are read: Airflow would stumble over a wrong one with every
other council's DAG still to be built, or when its scheduler looks for a next time that never comes.
"""

from __future__ import annotations

import re

_PRESETS = frozenset({"@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly"})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAYS_IN = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# Lowest and highest number, and names for them.
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    (0, 7, {name: number for number, name in enumerate(_WEEKDAYS)}),
)
_STEPS = re.compile(r"(\*|(\w{1,3})(?:-(\w{1,3}))?)(?:/(\d{1,2}))?", re.ASCII)
_EXPECTED = 'five fields (minute, hour, day, month, weekday) of numbers, `*`, `,`, `-` and `/`, such as "20 5 * * *"'


def check_schedule(schedule: str) -> str:
    """Return a cron expression; raise ValueError saying what was expected when it is none, or names no day there is."""
    if schedule in _PRESETS:
        return schedule
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(_EXPECTED)
    *_, days, months, weekdays = (
        _numbers(field, *limits) for field, limits in zip(fields, _FIELDS, strict=True)
    )  # fmt: skip
    # A weekday that is given counts beside the day of the month.
    if weekdays is None and days and min(days) > max(_DAYS_IN[month - 1] for month in months or range(1, 13)):
        raise ValueError("a day that one of its months has")
    return schedule


def _numbers(field: str, lowest: int, highest: int, names: dict[str, int]) -> set[int] | None:
    """Return the numbers that a field stands for, None for all of them."""
    found: set[int] = set()
    everything = False
    for part in field.split(","):
        match = _STEPS.fullmatch(part)
        if match is None:
            raise ValueError(_EXPECTED)
        whole, first, last, step = match.groups()
        if whole == "*":
            start, end = lowest, highest
            everything |= step is None
        else:
            start = _number(first, names)
            # `5/10` is from 5 on.
            end = _number(last, names) if last else highest if step else start
        if not lowest <= start <= end <= highest or not 1 <= int(step or 1) <= highest:
            raise ValueError(_EXPECTED)
        found |= set(range(start, end + 1, int(step or 1)))
    return None if everything else found


def _number(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not text.isdecimal():
        raise ValueError(_EXPECTED)
    return int(text)
