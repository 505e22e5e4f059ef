"""Invented requests for transport concessions: new bus passes, renewals and lost ones, and how long each takes."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from demo.cases import to_utc
from demo.world.dealings import STARTS, Dealing
from demo.world.entries import Entries, Way, correct, moment_in, numbered, pick, way_in, weekly_totals

if TYPE_CHECKING:
    from collections.abc import Mapping

_REQUESTS = {"application": 34, "renewal": 48, "replacement": 18}
# Passes of older people end on 31 March: from February on more are renewed.
_REQUESTS_IN_SPRING = {"application": 28, "renewal": 60, "replacement": 12}
_SPRING = dt.date(2026, 2, 2)
_CONCESSIONS: Mapping[str, Mapping[str, int]] = {
    "application": {"older": 58, "disabled": 24, "companion": 8, "young": 8, "other": 2},
    "renewal": {"older": 72, "disabled": 19, "companion": 6, "young": 2, "other": 1},
    "replacement": {"older": 66, "disabled": 20, "companion": 5, "young": 8, "other": 1},
}
# Working days from the request to the pass, a range to draw from, and how often.
_DAYS: Mapping[str, Mapping[tuple[int, int], int]] = {
    "application": {(1, 3): 20, (4, 8): 48, (9, 15): 26, (25, 40): 6},
    "renewal": {(0, 0): 34, (1, 2): 38, (3, 6): 22, (10, 20): 6},
    "replacement": {(0, 0): 40, (1, 2): 44, (3, 5): 16},
}
_RATINGS = {1: 6, 2: 8, 3: 16, 4: 32, 5: 38}
_DIGITAL = frozenset({"online", "app"})
# In percent.
_GIVEN_UP = 11
_RATED = 16
_SATURDAY = 5


@dataclass(frozen=True)
class Passes:
    """A council's bus pass office. ref: the form of its references, the first of which is `first`. usual, spread: how
    many requests a week brings. tells_status, counts_given_up, asks_rating: what its system knows.
    """

    seed: int
    ref: str
    first: int
    usual: int
    spread: int
    ways: Mapping[str, Way]
    weeks: int = 26
    tells_status: bool = True
    counts_given_up: bool = False
    asks_rating: bool = False
    corrections: int = 5

    def entries(self) -> Entries:
        """All requests of its weeks, in the order in which they came."""
        rng = random.Random(self.seed)  # noqa: S311 - a reproducible sample, nothing secret
        found = [
            self._request(rng, week)
            for week, total in enumerate(weekly_totals(rng, self.usual, self.spread, self.weeks))
            for _ in range(total)
        ]
        # Late enough that an export has shown the mistake and a later one the correction.
        entries = numbered(rng, found, self.ref, self.first)
        return correct(rng, entries, self.corrections, _misfiled, (60, 85))

    def _request(self, rng: random.Random, week: int) -> tuple[Dealing, str]:
        local = moment_in(rng, week)
        word, channel = way_in(rng, self.ways, local, week, self.weeks)
        spring = STARTS + dt.timedelta(weeks=week) >= _SPRING
        request = pick(rng, _REQUESTS_IN_SPRING if spring else _REQUESTS)
        given_up = self.counts_given_up and channel in _DIGITAL and rng.randrange(100) < _GIVEN_UP
        rated = self.asks_rating and not given_up and rng.randrange(100) < _RATED
        status = "abandoned" if given_up else "completed"
        asked = Dealing(
            ref="",
            reported_at=to_utc(local),
            channel=channel,
            closed_at=None if given_up else _issued(rng, request, local),
            status=status if self.tells_status else None,
            concession=pick(rng, _CONCESSIONS[request]),
            request=request,
            rating=rng.choices(list(_RATINGS), list(_RATINGS.values()))[0] if rated else None,
        )
        return asked, word


def _issued(rng: random.Random, request: str, local: dt.datetime) -> dt.datetime:
    """When the pass goes out: within the hour where nobody has to look at it, or in the office hours of a later day."""
    ways = _DAYS[request]
    first, last = rng.choices(list(ways), list(ways.values()))[0]
    if last == 0:
        return to_utc(local) + dt.timedelta(minutes=rng.randrange(3, 55))
    day = local.date()
    for _ in range(rng.randrange(first, last + 1)):
        day += dt.timedelta(days=1 if day.weekday() < _SATURDAY - 1 else 7 - day.weekday())
    return to_utc(dt.datetime.combine(day, dt.time(rng.randrange(9, 17), rng.randrange(60))))


def _misfiled(asked: Dealing) -> Dealing:
    """A request as it stood while it was filed under the wrong kind of pass."""
    return replace(asked, concession="other" if asked.concession == "older" else "older")
