"""Automatic holds: which figures are so unusual that somebody should look at them before they go out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from local_digital.config.models import Holds

Check: TypeAlias = Literal["volume", "take-up", "withheld", "gone"]
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
    """One period's figure. weight: the number of transactions it is about. before: as it was last released, None when
    it never was. known: what it may be near to without a question: as it was first released, and what somebody accepted
    after a hold. Were it the last release, small steps could lead anywhere.
    """

    period_start: dt.date
    found: float
    weight: int
    before: float | None = None
    known: tuple[float, ...] = ()


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
        if self.check == "gone":
            return (
                f"{self.period_kind} from {self.period_start}: not there any more; {_whole(self.highest)} were public"
            )
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


class Expected(NamedTuple):
    """What is usual for a figure, by the periods before it, and the band around that."""

    lowest: float
    usual: float
    highest: float


def expected(check: Check, figures: Sequence[Checked], rules: Holds) -> list[Expected | None]:
    """Return the band of every figure, None for the first few, by which nobody can say what is usual.

    figures: as in `doubts`. What was released or accepted before does not widen these bands.
    """
    bands: list[Expected | None] = []
    for number, figure in enumerate(figures):
        usual = [earlier.found for earlier in figures[max(0, number - rules.periods) : number]]
        if len(usual) < _FEWEST_PERIODS:
            bands.append(None)
            continue
        lowest, highest = _band(check, median(usual), figure.weight, rules)
        bands.append(Expected(lowest, median(usual), highest))
    return bands


def doubts(check: Check, period_kind: str, figures: Sequence[Checked], rules: Holds) -> list[Doubt]:
    """Return the new and the revised figures that lie outside their bands.

    figures: of every whole, finished period of the kind, in order. A figure that is as it was released is never
    doubted, nor one near to what was first released or accepted for its period. Where there are too few periods before
    it, a revised figure is measured by itself as it was.
    """
    found = []
    for number, figure in enumerate(figures):
        usual = [earlier.found for earlier in figures[max(0, number - rules.periods) : number]]
        if len(usual) < _FEWEST_PERIODS:
            usual = [] if figure.before is None else [figure.before]
        if not usual or figure.found == figure.before:
            continue
        lowest, highest = _band(check, median(usual), figure.weight, rules)
        near = any(abs(figure.found - known) <= _room(check, known) for known in figure.known)
        if not (near or lowest <= figure.found <= highest):
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
    return 0.0, min(1.0, max(rules.withheld_share, usual + rules.withheld_points + chance))


def _room(check: Check, known: float) -> float:
    """Return how far a figure may move from one that is known, to either side, without a question."""
    chance = _CHANCE * math.sqrt(max(known, 1.0)) if check == "volume" else 0.0
    return max(_MOVES * known, chance)


def _whole(count: float) -> str:
    return f"{count:,.0f}"


def _share(share: float) -> str:
    return f"{share:.1%}"
