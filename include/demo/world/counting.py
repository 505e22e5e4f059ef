"""Invented counts: how many transactions of each kind a week or a month brings, for councils that send no more."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from demo.world.dealings import Dealing
from demo.world.entries import midnight

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Line:
    """A line of a council's return. word: its word for the channel; method: for the way of paying, as it has it. first,
    last: about how many in the first and in the last period. pence: what one is about; 0 where nothing is paid.
    given_up: of a hundred that are begun, about how many are not finished.
    """

    word: str
    channel: str
    first: int
    last: int
    method_word: str = ""
    method: str | None = None
    pence: int = 0
    given_up: int = 0


@dataclass(frozen=True)
class Count:
    """A line in one period. starts: its first day. before: as the period was first stated, where that was wrong."""

    starts: dt.date
    line: Line
    completed: int
    begun: int
    pence: int
    before: Count | None = None

    @property
    def pounds(self) -> Decimal:
        return Decimal(self.pence).scaleb(-2)


def counted(
    rng: random.Random, lines: Sequence[Line], periods: Sequence[dt.date], share: Callable[[dt.date], int]
) -> list[Count]:
    """Counts of every line in every period. share: how busy a period is, in percent."""
    steps = max(1, len(periods) - 1)
    counts = []
    for step, starts in enumerate(periods):
        for line in lines:
            usual = (line.first * (steps - step) + line.last * step) * share(starts) // (100 * steps)
            completed = usual + rng.randrange(-(usual // 25) - 1, usual // 25 + 2)
            begun = completed * 100 // (100 - line.given_up) if line.given_up else completed
            pence = completed * (line.pence + rng.randrange(-150, 151)) if line.pence else 0
            counts.append(Count(starts, line, max(0, completed), max(0, begun), max(0, pence)))
    return counts


def restated(counts: Sequence[Count], wrong: Mapping[tuple[dt.date, str], int]) -> list[Count]:
    """Let some counts have been stated wrong at first. wrong: period and word to how many were left out."""
    found = []
    for count in counts:
        missing = wrong.get((count.starts, count.line.word), 0)
        before = replace(
            count,
            completed=count.completed - missing,
            begun=count.begun - missing,
            pence=count.pence - missing * count.line.pence,
        )
        found.append(replace(count, before=before) if missing else count)
    return found


def stated(counts: Sequence[Count], first: dt.date, last: dt.date) -> Iterator[Count]:
    """The counts of the periods from one to another, as a return states them that ends with the latter: a period that
    is stated for the first time has its mistakes.
    """
    return (
        count.before if count.before and count.starts == last else count
        for count in counts if first <= count.starts <= last
    )  # fmt: skip


def dealings(counts: Sequence[Count], *, begun: bool = False) -> list[Dealing]:
    """One dealing for each count, as the warehouse must hold it. begun: whether the return tells how many were."""
    return [
        Dealing(
            ref="",
            reported_at=midnight(count.starts),
            channel=count.line.channel,
            payment_method=count.line.method,
            starts=count.begun if begun else None,
            amount=count.pounds if count.line.pence else None,
            count=count.completed,
        )
        for count in counts
    ]


def months(first: dt.date, number: int) -> list[dt.date]:
    """The first days of so many months."""
    return [
        dt.date(first.year + (first.month - 1 + step) // 12, (first.month - 1 + step) % 12 + 1, 1)
        for step in range(number)
    ]
