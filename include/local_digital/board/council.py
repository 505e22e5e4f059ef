"""One council's page: its feeds as its file has them, and what became of their deliveries and figures."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from local_digital.board.documents import documents_of
from local_digital.board.findings import Broken, Result, broken_rules, results
from local_digital.board.rollout import Cell, cell_of, feeds
from local_digital.config.sources import FileFacts
from local_digital.error_rules import asks
from local_digital.publishing.holds import Doubt
from local_digital.publishing.sign_off import briefly
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection as Database
    from sqlalchemy import Row

    from local_digital.board.documents import Kind
    from local_digital.board.reading import Configuration
    from local_digital.config.models import Council, Feed, Transaction
    from local_digital.landing import LandingStore

NEWEST = 60
_IN_GRID = 30
_KINDS = {
    "snapshot": "everything there is",
    "delta": "what has changed",
    "rolling": "the last days",
    "event_log": "a log of changes",
    "aggregate": "counts by period",
}


class Fact(NamedTuple):
    name: str
    value: str


class Delivery(NamedTuple):
    """row: of `sql/board/deliveries`. documents: what there is of it in the landing store."""

    row: Row[Any]
    documents: Sequence[Kind]


class Tried(NamedTuple):
    """One expectation over time. outcomes: one for each delivery of the grid, None where it was not tried."""

    asks: str
    column: str
    severity: str
    outcomes: list[Result | None]


@dataclass(frozen=True)
class Grid:
    """Expectations by deliveries, the newest first. columns: rows of `sql/board/deliveries`."""

    columns: list[Row[Any]]
    rows: list[Tried]


@dataclass(frozen=True)
class FeedFacts:
    """quarantine: of the newest delivery with something in it, which is `quarantined_in`."""

    contract: Transaction
    cell: Cell
    facts: list[Fact]
    deliveries: list[Delivery]
    grid: Grid
    quarantined_in: Row[Any] | None
    quarantine: list[Broken]
    holds: list[str]


class Decision(NamedTuple):
    transaction: str
    decided_at: dt.datetime
    decided_by: str
    through: str
    decision: str
    why: str
    note: str


@dataclass(frozen=True)
class CouncilPage:
    """others: transactions without a feed, with their state and why. faults, sends: rows of `sql/board/faults` and
    `sends`.
    """

    council: Council
    feeds: list[FeedFacts]
    others: list[tuple[Transaction, str, str]]
    faults: list[Row[Any]]
    sends: list[Row[Any]]
    decisions: list[Decision]
    made_at: dt.datetime


def council_page(
    db: Database, landing: LandingStore, configuration: Configuration, council: Council, now: dt.datetime
) -> CouncilPage:
    """Gather all that the page of a council shows. now: aware."""
    ledger = feeds(db, [council.council])
    of_council = {"council": council.council, "newest": NEWEST}
    deliveries: dict[str, list[Row[Any]]] = {}
    for row in db.execute(statement("board/deliveries"), of_council):
        deliveries.setdefault(row.transaction, []).append(row)
    in_grid = {name: rows[:_IN_GRID] for name, rows in deliveries.items()}
    outcomes = results(db, [row.delivery_id for rows in in_grid.values() for row in rows])
    quarantined = {name: next((row for row in rows if row.quarantined), None) for name, rows in deliveries.items()}
    broken = broken_rules(db, [row.delivery_id for row in quarantined.values() if row])
    holds: dict[str, list[str]] = {}
    for row in db.execute(statement("board/holds"), of_council):
        lowest = None if row.lowest is None else float(row.lowest)
        highest = float(row.highest or 0)
        doubt = Doubt(row.check_name, row.period_kind, row.period_start, float(row.found), lowest, highest)
        holds.setdefault(row.transaction, []).append(doubt.told)
    found = []
    for transaction, feed in sorted(council.feeds.items()):
        kept = documents_of(landing, council.council, transaction)
        newest_quarantine = quarantined.get(transaction)
        found.append(
            FeedFacts(
                configuration.contracts[transaction],
                cell_of(transaction, feed, ledger.get((council.council, transaction)), now),
                facts_of(council, transaction, feed),
                [Delivery(row, kept.get(row.delivery_id, [])) for row in deliveries.get(transaction, [])],
                grid(in_grid.get(transaction, []), outcomes),
                newest_quarantine,
                broken.get(newest_quarantine.delivery_id, []) if newest_quarantine else [],
                holds.get(transaction, []),
            )
        )
    others = [
        (contract, "not-provided" if reason else "awaited", reason or "")
        for name, contract in sorted(configuration.contracts.items())
        if name not in council.feeds
        for reason in (contract.not_provided_by(council),)
    ]
    decisions = [
        Decision(
            row.transaction, row.decided_at, row.decided_by, row.through, row.decision, briefly(row.reasons), row.note
        )
        for row in db.execute(statement("sign_off/approvals"), of_council)
    ]
    sends = list(db.execute(statement("board/sends"), of_council))
    faults = list(db.execute(statement("board/faults"), of_council))
    return CouncilPage(council, found, others, faults, sends, decisions, now)


def grid(columns: list[Row[Any]], outcomes: dict[int, list[Result]]) -> Grid:
    """Put the outcomes of expectations into rows, one for each expectation that any of the deliveries was tried on."""
    tried: dict[tuple[str, str, str], list[Result | None]] = {}
    for number, column in enumerate(columns):
        for outcome in outcomes.get(column.delivery_id, []):
            key = (outcome.expectation, outcome.column, outcome.severity)
            line = tried.setdefault(key, [None] * len(columns))
            # Where a suite asks the same of one column twice, the worse answer stands.
            if line[number] is None or outcome.sign != "pass":
                line[number] = outcome
    rows = [Tried(asks(name), column, severity, line) for (name, column, severity), line in tried.items()]
    return Grid(columns, rows)


def facts_of(council: Council, transaction: str, feed: Feed) -> list[Fact]:
    """Return what a council's file says of a feed, in words; addresses and secrets are in connections, not here."""
    source = feed.source
    comes = f"{source.kind}, {source.files}" if isinstance(source, FileFacts) else source.kind
    facts = [
        ("Comes by", comes),
        ("A delivery holds", _KINDS[feed.delivery]),
        ("Format", feed.reads_as.kind),
        ("Cadence", feed.cadence),
        ("Expected by", f"{feed.expected_by:%H:%M}" if feed.expected_by else ""),
        ("Covers from", f"{feed.covers_from}" if feed.covers_from else ""),
        ("Covers until", f"{feed.covers_until}" if feed.covers_until else ""),
        ("Stage", feed.stage),
        ("Embargo until", f"{feed.embargo_until}" if feed.embargo_until else ""),
        ("Data group", council.data_group(transaction)),
        ("Publishes", ", ".join(feed.publish)),
        ("Fields", ", ".join(feed.columns)),
        ("Columns left out", ", ".join(feed.ignored_columns)),
        ("Page", feed.page or ""),
    ]
    return [Fact(name, str(value)) for name, value in facts if value]
