"""How figures, periods and moments are written on the pages."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from local_digital.calendar import LONDON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_digital.kpis import PeriodKind, Unit

# What stands where a figure does not: a heading and why, by key. The keys name the shapes in site.css.
STATES = {
    "not-provided": ("Not provided", "The council does not provide this transaction."),
    "awaited": ("No feed yet", "The council provides this transaction and does not send its records yet."),
    "not-published": (
        "Not published yet",
        "The council has a feed of this transaction and has not released its figures yet.",
    ),
    "not-supplied": ("Not supplied", "The council's export does not tell what this figure is made of."),
    "no-data": ("No data yet", "Nothing of this period has come, or it is not whole yet."),
    "withheld": ("Withheld", "A small count, or one that would give a small count away, withheld to protect privacy."),
    "too-few": ("Too few councils", "A benchmark is over at least three councils that have the figure."),
    "nothing-to-divide": ("Nothing to divide", "In this period there was nothing that the figure is a share of."),
    "too-little-known": ("Too little is known", "Too much of what the figure is made of is not known."),
}
_POUND = 100
# Fields of the contracts whose names say less to the public than to those who map them.
_FIELDS = {"stream": "bin type", "request": "kind of request"}


def number(value: float) -> str:
    """Return a whole number with commas."""
    return f"{round(value):,}"


def figure(unit: Unit, value: float) -> str:
    """Return a value of a KPI as readers see it: 1,234; 27.0%; £0.82; 12.5 hours."""
    match unit:
        case "count":
            return number(value)
        case "share" | "score":
            return f"{value * 100:.1f}%"
        case "hours":
            return f"{value:,.1f} hours"
        case "pounds":
            # Pence say something of a transaction's cost, and nothing of a month's payments.
            sign, size = ("-" if value < 0 else ""), abs(value)
            return f"{sign}£{size:,.2f}" if size < _POUND else f"{sign}£{size:,.0f}"
        case "rate":
            return f"{value:,.1f}"


def target(unit: Unit, most: float) -> str:
    """Return the highest value that is held to be good, such as `56`."""
    return f"{most:,g}" if unit == "rate" else figure(unit, most)


def field(name: str) -> str:
    """Return a field of the contracts in words, such as `age group`."""
    return _FIELDS.get(name, name.replace("_", " "))


def change(unit: Unit, now: float, before: float) -> str:
    """Return the difference of two values in words, such as `21 more` or `down 3.2 percentage points`."""
    if figure(unit, now) == figure(unit, before):
        return "no change"
    size = abs(now - before)
    if unit == "count":
        return f"{number(size)} {'more' if now > before else 'fewer'}"
    told = f"{size * 100:.1f} percentage points" if unit in {"share", "score"} else figure(unit, size)
    return f"{'up' if now > before else 'down'} {told}"


def day(date: dt.date) -> str:
    return f"{date.day} {date:%B %Y}"


def moment(at: dt.datetime) -> str:
    """Return an aware moment on the London clock, such as `5 January 2026, 14:05`."""
    local = at.astimezone(LONDON)
    return f"{day(local.date())}, {local:%H:%M}"


def period(kind: PeriodKind, start: dt.date) -> str:
    """Return a period's name: `Week of 5 January 2026`, `January 2026`, `January to March 2026`."""
    match kind:
        case "week":
            return f"Week of {day(start)}"
        case "month":
            return f"{start:%B %Y}"
        case "quarter":
            return f"{start:%B} to {start.replace(month=start.month + 2):%B %Y}"


def in_period(kind: PeriodKind, start: dt.date) -> str:
    """Return a period within a sentence: `in the week of 5 January 2026`, `in January 2026`, `from January to ...`."""
    match kind:
        case "week":
            return f"in the week of {day(start)}"
        case "month":
            return f"in {start:%B %Y}"
        case "quarter":
            return f"from {period(kind, start)}"


def tick(kind: PeriodKind, start: dt.date) -> list[str]:
    """Return a period's name on an axis, in lines."""
    if kind == "week":
        return [f"{start.day} {start:%b}", f"{start:%Y}"]
    if kind == "month":
        return [f"{start:%b}", f"{start:%Y}"]
    return [f"{start:%b} to {start.replace(month=start.month + 2):%b}", f"{start:%Y}"]


def sentence(words: str) -> str:
    """Return words with a capital letter at the beginning."""
    return words[:1].upper() + words[1:]


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def size(content: bytes) -> str:
    """Return how large a file is: `870 bytes`, `1.2 kB`."""
    return f"{len(content)} bytes" if len(content) < 1000 else f"{len(content) / 1000:,.1f} kB"  # noqa: PLR2004 - kilo
