"""Invented renewals of library books: who renews how many loans where, by which channel, and who gives up half way."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from demo.cases import to_utc
from demo.world.dealings import Dealing
from demo.world.entries import Entries, Way, correct, moment_in, numbered, pick, way_in, weekly_totals

if TYPE_CHECKING:
    from collections.abc import Mapping

# Few of the old use the app, and few but children and the old the machines.
_AGES: Mapping[str, Mapping[str, int]] = {
    "app": {
        "under-18": 9, "18-to-24": 16, "25-to-34": 28, "35-to-44": 24, "45-to-54": 13, "55-to-64": 7, "65-and-over": 3,
    },
    "online": {
        "under-18": 8, "18-to-24": 8, "25-to-34": 16, "35-to-44": 22, "45-to-54": 18, "55-to-64": 15, "65-and-over": 13,
    },
    "kiosk": {
        "under-18": 30, "18-to-24": 5, "25-to-34": 8, "35-to-44": 12, "45-to-54": 9, "55-to-64": 12, "65-and-over": 24,
    },
    "": {
        "under-18": 14, "18-to-24": 4, "25-to-34": 7, "35-to-44": 10, "45-to-54": 12, "55-to-64": 17, "65-and-over": 36,
    },
}  # fmt: skip
_ITEMS = {1: 34, 2: 24, 3: 16, 4: 10, 5: 6, 6: 5, 8: 3, 10: 2}
_RATINGS = {1: 4, 2: 6, 3: 14, 4: 34, 5: 42}
_DIGITAL = frozenset({"online", "app"})
# In percent: who gives up on the website or in the app, and who rates.
_GIVEN_UP = 9
_RATED = 13


@dataclass(frozen=True)
class Library:
    """A council's library service. ref: the form of its references, the first of which is `first`. usual, spread: how
    many renewals a week brings. branches: weights. counts_given_up: whether its system keeps sessions that were begun
    and left; else it tells no status. asks_age, asks_rating: whether it knows these.
    """

    seed: int
    ref: str
    first: int
    usual: int
    spread: int
    ways: Mapping[str, Way]
    branches: Mapping[str, int]
    weeks: int = 26
    counts_given_up: bool = False
    asks_rating: bool = False
    corrections: int = 5

    def entries(self) -> Entries:
        """All renewals of its weeks, in the order in which they came."""
        rng = random.Random(self.seed)  # noqa: S311 - a reproducible sample, nothing secret
        found = [
            self._renewal(rng, week)
            for week, total in enumerate(weekly_totals(rng, self.usual, self.spread, self.weeks))
            for _ in range(total)
        ]
        # Late enough that an export has shown the mistake and a later one the correction.
        entries = numbered(rng, found, self.ref, self.first)
        return correct(rng, entries, self.corrections, _miscounted, (76, 90))

    def _renewal(self, rng: random.Random, week: int) -> tuple[Dealing, str]:
        local = moment_in(rng, week)
        word, channel = way_in(rng, self.ways, local, week, self.weeks)
        digital = channel in _DIGITAL
        given_up = self.counts_given_up and digital and rng.randrange(100) < _GIVEN_UP
        rated = self.asks_rating and digital and not given_up and rng.randrange(100) < _RATED
        # Of a session that was left nobody knows which loans it would have been about.
        items = None if given_up else rng.choices(list(_ITEMS), list(_ITEMS.values()))[0]
        status = "abandoned" if given_up else "completed"
        renewal = Dealing(
            ref="",
            reported_at=to_utc(local),
            channel=channel,
            status=status if self.counts_given_up else None,
            age_group=pick(rng, _AGES.get(channel, _AGES[""])),
            branch=pick(rng, self.branches),
            items=items,
            rating=rng.choices(list(_RATINGS), list(_RATINGS.values()))[0] if rated else None,
        )
        return renewal, word


def _miscounted(renewal: Dealing) -> Dealing:
    """A renewal as it stood before a loan was found to have been left out."""
    return replace(renewal, items=max(1, (renewal.items or 1) - 1))
