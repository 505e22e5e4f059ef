"""Automatic holds: which figures are so unusual that somebody should look at them before they go out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from local_digital.config.models import Holds

Check: TypeAlias = Literal["volume", "take-up", "withheld"]
# With fewer periods before it nobody can say what is usual.
_FEWEST_PERIODS = 4
# A count that varies by chance alone is farther from its mean than so many times the root of it about once in 16,000
# times (a Poisson count, by the normal approximation), a share about once in 400 at half that.
_CHANCE = 4.0
_CHANCE_OF_SHARE = 1.5
# What was accepted once may move a little further without another question: late records do that every night.
_MOVES = 0.1


@dataclass(frozen=True)
class Checked:
    """One period's figure. weight: the number of transactions it is about. before: as it was released, None when it
    never was. accepted: the figure that somebody released after a hold.
    """

    period_start: dt.date
    found: float
    weight: int
    before: float | None = None
    accepted: float | None = None


@dataclass(frozen=True)
class Doubt:
    """A figure outside its band, which reaches from lowest (None where it is open) to highest."""

    check: Check
    period_kind: str
    period_start: dt.date
    found: float
    lowest: float | None
    highest: float

    @property
    def reason(self) -> str:
        return f"{self.check} {self.period_kind} {self.period_start}"

    @property
    def told(self) -> str:
        """The figure and its band in words, such as "week from 2026-03-23: 812 transactions, expected 48 to 300"."""
        show = _whole if self.check == "volume" else _share
        what = {"volume": "transactions", "take-up": "digital take-up", "withheld": "of the total withheld"}[self.check]
        band = (
            f"at most {show(self.highest)}" if self.lowest is None else f"{show(self.lowest)} to {show(self.highest)}"
        )
        return f"{self.period_kind} from {self.period_start}: {show(self.found)} {what}, expected {band}"

    def as_json(self) -> dict[str, object]:
        return {
            "check": self.check,
            "period_kind": self.period_kind,
            "period_start": self.period_start.isoformat(),
            "found": round(self.found, 4),
            "lowest": None if self.lowest is None else round(self.lowest, 4),
            "highest": round(self.highest, 4),
        }


def doubts(check: Check, period_kind: str, figures: Sequence[Checked], rules: Holds) -> list[Doubt]:
    """Return the new and the revised figures that lie outside their bands.

    figures: of every whole, finished period of the kind, in order. A figure that is as it was released is never
    doubted, nor one that lies hardly further out than what was released or accepted for its period.
    """
    found = []
    for number, figure in enumerate(figures):
        usual = [earlier.found for earlier in figures[max(0, number - rules.periods) : number]]
        if figure.found == figure.before or len(usual) < _FEWEST_PERIODS:
            continue
        lowest, highest = _band(check, median(usual), figure.weight, rules)
        for known in (figure.before, figure.accepted):
            if known is not None:
                lowest = min(lowest, known * (1 - _MOVES))
                highest = max(highest, known * (1 + _MOVES))
        if check != "volume":
            # A share of more than all is nothing to tell anybody to expect.
            highest = min(highest, 1.0)
        if not lowest <= figure.found <= highest:
            open_below = check == "withheld"
            found.append(
                Doubt(check, period_kind, figure.period_start, figure.found, None if open_below else lowest, highest)
            )
    return found


def _band(check: Check, usual: float, weight: int, rules: Holds) -> tuple[float, float]:
    if check == "volume":
        chance = _CHANCE * math.sqrt(max(usual, 1.0))
        return (
            max(0.0, min(usual / rules.volume_factor, usual - chance)),
            max(usual * rules.volume_factor, usual + chance),
        )
    chance = _CHANCE_OF_SHARE / math.sqrt(max(weight, 1))
    if check == "take-up":
        room = rules.takeup_points + chance
        return max(0.0, usual - room), min(1.0, usual + room)
    return 0.0, max(rules.withheld_share, usual + rules.withheld_points + chance)


def _whole(count: float) -> str:
    return f"{count:,.0f}"


def _share(share: float) -> str:
    return f"{share:.1%}"
