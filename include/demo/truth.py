"""What the sample council's figures must come to, taken from the invented cases and not from their exports.

The two tables of words repeat the council's configuration on purpose: what they say is compared with what the
pipeline makes of the exports, so they must not come from the same file.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.cases import LONDON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from demo.cases import Case

CHANNELS: Mapping[str, str] = {
    "Online": "online",
    "Web": "online",
    "Self Service": "online",
    "App": "app",
    "Phone": "phone",
    "Telephone": "phone",
    "IVR": "phone-automated",
    "Face to Face": "face-to-face",
    "Solihull Connect": "face-to-face",
    "Email": "email",
    "Letter": "post",
}
STREAMS: Mapping[str, str] = {
    "Black (Refuse)": "refuse",
    "Brown (Recycling)": "recycling",
    "Green (Garden)": "garden",
    "Food Caddy": "food",
}
UNMAPPED = "unmapped"
NOT_DEMAND = ("Closed (Duplicate)", "Closed (Transferred)")

ByPeriod = dict[tuple[dt.date, str], int]


@dataclass(frozen=True)
class CountedCase:
    """A case that counts as demand once all exports are in.

    reported_at, closed_at: aware, in UTC; closed_at is None for a case still open at the last export.
    channel_word is the council's; channel and stream are the contract's values.
    """

    record_ref: str
    reported_at: dt.datetime
    closed_at: dt.datetime | None
    channel_word: str
    channel: str
    stream: str
    ward: str
    uprn: str


@dataclass(frozen=True)
class RowCount:
    """What one file holds: data rows in all; those that repeat another exactly; those with an impossible date."""

    rows: int
    exact_duplicates: int
    quarantined: int

    @property
    def accepted(self) -> int:
        """The rows that are left: neither repeated nor in quarantine."""
        return self.rows - self.exact_duplicates - self.quarantined


@dataclass(frozen=True)
class Planted:
    """One planted problem: the cases and the files that show it."""

    kind: str
    refs: tuple[str, ...]
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Truth:
    """The figures that a correct pipeline arrives at.

    counted: the cases that are demand: no duplicates or transfers, none whose reported date stays impossible.
    rows: for each finished file, by its name, in its final version.
    rows_of_first_version: for the file that was re-sent, as it first came.
    planted: every planted problem by its kind.
    """

    counted: tuple[CountedCase, ...]
    rows: Mapping[str, RowCount]
    rows_of_first_version: RowCount
    planted: Mapping[str, Planted]

    def by_week_and_channel(self) -> ByPeriod:
        """Cases by the Monday of their report's London week and the contract's channel."""
        return self._tally(_monday, lambda case: case.channel)

    def by_week_and_ward(self) -> ByPeriod:
        """Cases by the Monday of their report's London week and ward."""
        return self._tally(_monday, lambda case: case.ward)

    def by_month_and_channel(self) -> ByPeriod:
        """Cases by the first day of their report's London month and the contract's channel."""
        return self._tally(lambda day: day.replace(day=1), lambda case: case.channel)

    def _tally(self, period: Callable[[dt.date], dt.date], label: Callable[[CountedCase], str]) -> ByPeriod:
        return dict(Counter((period(case.reported_at.astimezone(LONDON).date()), label(case)) for case in self.counted))


def count_demand(cases: Iterable[Case], known_at: dt.datetime) -> tuple[CountedCase, ...]:
    """The cases that count as demand, as known at an instant (aware), in the order given."""
    return tuple(
        CountedCase(
            record_ref=case.record_ref,
            reported_at=case.reported_at,
            closed_at=case.closed_at if _is_closed(case, known_at) else None,
            channel_word=case.channel,
            channel=CHANNELS.get(case.channel, UNMAPPED),
            stream=STREAMS[case.bin_type],
            ward=case.ward,
            uprn=case.premises.uprn,
        )
        for case in cases
        if not (_is_closed(case, known_at) and case.outcome in NOT_DEMAND) and not _stays_misdated(case)
    )


def _is_closed(case: Case, known_at: dt.datetime) -> bool:
    return case.closed_at is not None and case.closed_at <= known_at


def _stays_misdated(case: Case) -> bool:
    return case.misdated is not None and case.misdated.corrected_on is None


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())
