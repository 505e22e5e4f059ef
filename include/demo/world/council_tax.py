"""Invented payments of council tax: single ones, and what a month of them comes to for councils that send no more."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from demo.cases import to_utc
from demo.world.counting import counted, months
from demo.world.dealings import Dealing
from demo.world.entries import Entries, Way, correct, moment_in, numbered, pick, way_in, weekly_totals

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from demo.world.counting import Count, Line

# Most pay in ten instalments from April to January. In percent of an ordinary month.
_BUSY = {2: 41, 3: 36, 4: 106}
_DIGITAL = frozenset({"online", "app"})
# In percent: who leaves the page before the payment is through.
_GIVEN_UP = 6


def returns(seed: int, lines: Sequence[Line], first: dt.date, number: int) -> list[Count]:
    """What so many months come to, from the one that begins on a day."""
    rng = random.Random(seed)  # noqa: S311 - a reproducible sample, nothing secret
    return counted(rng, lines, months(first, number), lambda month: _BUSY.get(month.month, 100))


@dataclass(frozen=True)
class Payments:
    """A council's payments, one by one. ref: the form of its references, the first of which is `first`. usual, spread:
    how many a week brings. methods: for each channel, the ways of paying and how often.
    """

    seed: int
    ref: str
    first: int
    usual: int
    spread: int
    ways: Mapping[str, Way]
    methods: Mapping[str, Mapping[str, int]]
    weeks: int = 26
    corrections: int = 5

    def entries(self) -> Entries:
        """All payments of its weeks, in the order in which they came."""
        rng = random.Random(self.seed)  # noqa: S311 - a reproducible sample, nothing secret
        found = [
            self._payment(rng, week)
            for week, total in enumerate(weekly_totals(rng, self.usual, self.spread, self.weeks))
            for _ in range(total)
        ]
        # Late enough that an export has shown the mistake and a later one the correction.
        entries = numbered(rng, found, self.ref, self.first)
        return correct(rng, entries, self.corrections, _misread, (76, 90))

    def _payment(self, rng: random.Random, week: int) -> tuple[Dealing, str]:
        local = moment_in(rng, week)
        word, channel = way_in(rng, self.ways, local, week, self.weeks)
        given_up = channel in _DIGITAL and rng.randrange(100) < _GIVEN_UP
        # A tenth of a year's tax, or what somebody has at hand.
        pence = rng.randrange(9_800, 31_000) if rng.randrange(10) else rng.randrange(10, 200) * 100
        payment = Dealing(
            ref="",
            reported_at=to_utc(local),
            channel=channel,
            status="abandoned" if given_up else "completed",
            payment_method=pick(rng, self.methods[channel]),
            amount=None if given_up else Decimal(pence).scaleb(-2),
        )
        return payment, word


def _misread(payment: Dealing) -> Dealing:
    """A payment as it stood while a clerk had left out its pence."""
    return replace(payment, amount=payment.amount and payment.amount // 1 + Decimal("0.00"))
