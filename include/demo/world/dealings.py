"""What truly happened: one dealing of a person with a council, in the words of the contracts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

# The night for which all councils' newest exports are made (Solihull's last extract day).
LAST_NIGHT = dt.date(2026, 4, 6)
# The first Monday of most stories.
STARTS = dt.date(2025, 10, 6)


@dataclass(frozen=True)
class Dealing:
    """A transaction, or `count` of them where a council only sends counts (reported_at is then the period's start).

    Instants are aware and in UTC. premises: the identifier as the council knows it. The labels are values of the
    contract, or the council's own words where the contract has no closed list (ward, branch). started: of counts, how
    many were begun.
    """

    ref: str
    reported_at: dt.datetime
    channel: str
    closed_at: dt.datetime | None = None
    status: str | None = None
    ward: str | None = None
    stream: str | None = None
    reason: str | None = None
    outcome: str | None = None
    age_group: str | None = None
    branch: str | None = None
    payment_method: str | None = None
    concession: str | None = None
    request: str | None = None
    premises: str | None = None
    rating: int | None = None
    items: int | None = None
    starts: int | None = None
    amount: Decimal | None = None
    count: int = 1


@dataclass(frozen=True)
class Delivery:
    """One file in the folder that a council's source offers. path: below the account's or drop folder's root."""

    path: str
    content: bytes
    modified: dt.datetime


class FeedWorld(Protocol):
    """One council's feed: the truth, and what its source offers. Everything is seeded and the same on any machine."""

    council: str
    transaction: str
    source: Literal["sftp", "folder", "api", "open311"]

    def dealings(self) -> Sequence[Dealing]:
        """Return what the warehouse must hold once everything offered has been loaded."""
        ...

    def deliveries(self) -> Iterator[Delivery]:
        """Yield the files, oldest first; none for `api` and `open311`."""
        ...

    def answers(self) -> Sequence[dict[str, object]]:
        """Return the records as the council's API has them, oldest first; none for files.

        Each has its moment under `_moment` (ISO, UTC), by which the server picks those of a window; the server takes
        that key out.
        """
        ...
