"""The board itself: councils by transactions, with what is wanted of them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_digital.board.states import STATES, states_of
from local_digital.freshness import late_from
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection as Database

    from local_digital.board.reading import Configuration
    from local_digital.config.models import Council, Feed, Transaction


@dataclass(frozen=True)
class Wanted:
    """What somebody asked to see; None and empty mean everything. search: part of a council's name or slug."""

    phase: int | None = None
    tier: str | None = None
    state: str | None = None
    search: str = ""

    @classmethod
    def asked(cls, phase: str = "", tier: str = "", state: str = "", search: str = "") -> Wanted:
        """Read what stands in an address; what makes no sense there asks for everything."""
        return cls(
            int(phase) if phase in {"1", "2", "3"} else None,
            tier or None,
            state if state in STATES else None,
            search.strip()[:100],
        )

    def takes(self, council: Council) -> bool:
        """Say whether a council is wanted by all but its feeds' states."""
        looked_for = self.search.casefold()
        return (
            (self.phase is None or council.phase == self.phase)
            and (self.tier is None or council.tier.value == self.tier)
            and (looked_for in council.name.casefold() or looked_for in council.council)
        )


@dataclass(frozen=True)
class Cell:
    """One council's feed of one transaction, or why there is none (`note`). states: keys of `STATES`, the first counts.

    run_id: of the newest run that the ledger has seen. age: since when what is loaded is complete.
    public: whether there are figures of it that everybody may see.
    """

    transaction: str
    states: tuple[str, ...]
    note: str = ""
    cadence: str = ""
    delivery_id: int | None = None
    delivery: str = ""
    received_at: dt.datetime | None = None
    age: dt.timedelta | None = None
    late_from: dt.datetime | None = None
    accepted: int | None = None
    quarantined: int | None = None
    published_at: dt.datetime | None = None
    run_id: str | None = None
    public: bool = False
    failed_steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """failed_steps: those that all feeds of the council share, such as `publish`."""

    council: Council
    cells: list[Cell]
    failed_steps: tuple[str, ...] = ()

    @property
    def run_id(self) -> str | None:
        """The run that most of the feeds were last in, as they share one DAG; None where the ledger knows of none."""
        runs = Counter(cell.run_id for cell in self.cells if cell.run_id)
        return max(runs, key=runs.__getitem__, default=None)

    def is_so(self, state: str) -> bool:
        """Say whether a feed of the council is in a state, or for `failing` what its feeds share."""
        return any(state in cell.states for cell in self.cells) or (state == "failing" and bool(self.failed_steps))


@dataclass(frozen=True)
class Rollout:
    """rows: by phase and name. counts: how many cells are what, of all councils that `wanted` takes but for the state;
    what failed for all feeds of a council counts once.

    broken: councils whose files are wrong. councils: how many there are for whoever looks.
    """

    wanted: Wanted
    rows: list[Row]
    contracts: list[Transaction]
    counts: dict[str, int]
    tiers: list[str]
    councils: int
    broken: tuple[str, ...]
    made_at: dt.datetime

    @property
    def phases(self) -> list[tuple[int, list[Row]]]:
        found: dict[int, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.council.phase, []).append(row)
        return list(found.items())


def rollout(db: Database, configuration: Configuration, wanted: Wanted, now: dt.datetime) -> Rollout:
    """Return the board for the councils of a configuration, in one query however many they are. now: aware."""
    contracts = [contract for _, contract in sorted(configuration.contracts.items())]
    councils = sorted(configuration.councils.values(), key=lambda council: (council.phase, council.name))
    taken = [council for council in councils if wanted.takes(council)]
    ledger = feeds(db, [council.council for council in taken])
    rows = [
        Row(
            council,
            [_cell(council, contract, ledger, now) for contract in contracts],
            shared_failed_steps(ledger, council),
        )
        for council in taken
    ]
    counts = Counter(state for row in rows for cell in row.cells for state in cell.states)
    counts["failing"] += sum(bool(row.failed_steps) for row in rows)
    return Rollout(
        wanted=wanted,
        rows=[
            row for row in rows if wanted.state is None or row.is_so(wanted.state)
        ],
        contracts=contracts,
        counts={state: counts[state] for state in STATES},
        tiers=sorted({council.tier.value for council in councils}),
        councils=len(councils),
        broken=configuration.broken,
        made_at=now,
    )  # fmt: skip


def feeds(db: Database, councils: Iterable[str]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return what the ledger knows of the councils' feeds, by council and transaction."""
    rows = db.execute(statement("board/feeds"), {"councils": list(councils)}).mappings()
    return {(row["council"], row["transaction"]): dict(row) for row in rows}


def cell_of(transaction: str, feed: Feed, row: Mapping[str, Any] | None, now: dt.datetime) -> Cell:
    """Return the cell of a feed. row: of `feeds`, None when the ledger does not know it."""
    states = states_of(feed, row, now)
    if row is None:
        return Cell(transaction, states, cadence=feed.cadence)
    until = row["loaded_until"]
    runs = [(row["received_at"], row["run_id"]), (row["push_started_at"], row["push_run_id"])]
    newest = max((run for run in runs if run[0] is not None), default=(None, None))
    return Cell(
        transaction,
        states,
        cadence=feed.cadence,
        delivery_id=row["delivery_id"],
        delivery=row["name"] or "",
        received_at=row["received_at"],
        age=now - until if until else None,
        late_from=late_from(feed.cadence, until) if until else None,
        accepted=row["accepted"],
        quarantined=row["quarantined"],
        published_at=row["last_published_at"],
        run_id=newest[1],
        public=row["public"],
        failed_steps=tuple(row["failed_steps"]),
    )


def shared_failed_steps(ledger: Mapping[tuple[str, str], Mapping[str, Any]], council: Council) -> tuple[str, ...]:
    """Return the steps of a council that failed for all of its feeds. ledger: of `feeds`."""
    rows = (ledger.get((council.council, transaction)) for transaction in council.feeds)
    return tuple(next((row["shared_failed_steps"] for row in rows if row), ()))


def _cell(
    council: Council,
    contract: Transaction,
    ledger: Mapping[tuple[str, str], Mapping[str, Any]],
    now: dt.datetime,
) -> Cell:
    transaction = contract.transaction
    feed = council.feeds.get(transaction)
    if feed is None:
        reason = contract.not_provided_by(council)
        return Cell(transaction, ("not-provided" if reason else "awaited",), note=reason or "")
    return cell_of(transaction, feed, ledger.get((council.council, transaction)), now)
