"""aggregate: weekly and monthly figures of exactly the periods that deliveries touched, on the London calendar."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from local_digital.config.loading import load_transactions
from local_digital.kpis import KPIS
from local_digital.offers import labels, offered, record_offers, supplies
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement
from local_digital.workspace import FeedHandle, Workspace, lock

if TYPE_CHECKING:
    from sqlalchemy import Connection as Database

    from local_digital.config.models import Transaction

# Counts by week say nothing about months, and the other way round.
_KINDS_FROM = {"day": ["week", "month"], "week": ["week"], "month": ["month"]}
# A Monday: where the council tells no round of its collections, each week is like the next.
_ANY_MONDAY = dt.date(2024, 1, 1)


@dataclass(frozen=True)
class AggregateReport:
    """periods: how many weeks and months were computed again, by transaction."""

    periods: dict[str, int]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@acting_as(LOADER)
def aggregate(workspace: Workspace, council: str) -> AggregateReport:
    """Recompute the stale periods of a council's feeds, one transaction a feed; nothing stale, nothing done."""
    return AggregateReport(
        {feed.contract.transaction: _aggregate_feed(workspace, feed) for feed in workspace.feeds(council)}
    )


def not_demand(feed: FeedHandle) -> list[str]:
    """Return the statuses whose records are kept and not counted: duplicates, tests, what went to other services."""
    return labels(feed.contract, "status", lambda label: not label.demand)


def _aggregate_feed(workspace: Workspace, feed: FeedHandle) -> int:
    with workspace.engine.begin() as db:
        lock(db, "feed", feed.feed_id)
        # Sorts and hash tables of a first load's million records on disk take several times as long.
        db.execute(text("set local work_mem = '128MB'"))
        record_offers(db, feed.council, load_transactions(workspace.settings.config)[0])
        facts = _facts(feed)
        periods = _reached(db, facts)
        if periods:
            _compute(db, feed, facts)
        db.execute(text("delete from ledger.stale_day where feed_id = :feed_id"), {"feed_id": feed.feed_id})
        db.execute(text("drop table touched_period, reached_period"))
    return periods


def _reached(db: Database, facts: dict[str, object]) -> int:
    """Find the weeks and months whose records changed, and those that look back on a change; return how many the
    former are.
    """
    db.execute(statement("marts/reached_period"), facts)
    return db.execute(statement("marts/touched_period")).rowcount


def _compute(db: Database, feed: FeedHandle, facts: dict[str, object]) -> None:
    for step in ("forget_volume", "forget_kpi", "reached_day", "touched_day", "counted", "counted_day"):
        db.execute(statement(f"marts/{step}"), facts)
    db.execute(statement("marts/counted_labels"))
    for breakdown, across in [(name, "") for name in ("channel", *feed.contract.breakdowns)] + _two_way(feed.contract):
        db.execute(statement("marts/counted_label"), {"breakdown": breakdown, "across": across})
    # Nobody else looks after the statistics of temporary tables.
    db.execute(text("analyze reached_day, touched_period, counted_day, counted_label"))
    for step in ("volume", "period", "leave_out_period", "counted_period"):
        db.execute(statement(f"marts/{step}"), facts)
    statements = {
        KPIS[name].statement: KPIS[name].periods
        for name in feed.contract.kpis if supplies(feed.contract, feed.feed, name)
    }  # fmt: skip
    for name, kinds in statements.items():
        if "quarter" not in kinds:
            db.execute(statement(f"marts/kpi_{name}"), facts)
    db.execute(statement("marts/kpi_caveats"), facts)
    db.execute(text("drop table counted, counted_day, counted_label, counted_period, reached_day, touched_day"))
    for step in ("touched_quarter", "forget_quarter", "costed_month"):
        db.execute(statement(f"marts/{step}"), facts)
    for name, kinds in statements.items():
        if "quarter" in kinds:
            db.execute(statement(f"marts/kpi_{name}"), facts)
    db.execute(text("drop table touched_quarter, costed_month"))


def _facts(feed: FeedHandle) -> dict[str, object]:
    """Everything that the statements in `sql/marts` bind."""
    own, contract = feed.feed, feed.contract
    channels = contract.fields["channel"].values
    counted_by = own.aggregate.period if own.aggregate else None
    costs = [*((cost, True) for cost in own.unit_costs), *((cost, False) for cost in contract.unit_costs)]
    return {
        "feed_id": feed.feed_id,
        "council": feed.council.council,
        "transaction": contract.transaction,
        "division": feed.council.bank_holidays.value,
        "covers_from": own.covers_from,
        "quiet_days": own.quiet_days,
        "period_kinds": _KINDS_FROM[counted_by or "day"],
        "counted_by": counted_by,
        "only_changes": own.delivery in {"delta", "event_log"},
        "channels": sorted(offered(own, "channel")),
        "not_demand": not_demand(feed),
        "given_up": labels(contract, "status", lambda label: not label.completed),
        "upheld": labels(contract, "outcome", lambda label: label.upheld),
        "digital": [name for name, label in channels.items() if label.digital],
        "digital_unassisted": [name for name, label in channels.items() if label.digital and not label.assisted],
        "look_back_weeks": contract.kpis["repeat-misses"].weeks if "repeat-misses" in contract.kpis else 0,
        "collections_stream": [collected.stream for collected in own.collections],
        "collections_a_week": [collected.a_week for collected in own.collections],
        "collections_from": [collected.valid_from for collected in own.collections],
        "collections_until": [collected.valid_until for collected in own.collections],
        "cycle_weeks": own.cycle.weeks if own.cycle else 1,
        "cycle_starts": own.cycle.starts if own.cycle else _ANY_MONDAY,
        "cost_channels": [cost.channel for cost, _ in costs],
        "cost_pounds": [cost.pounds for cost, _ in costs],
        "cost_from": [cost.valid_from for cost, _ in costs],
        "cost_own": [mine for _, mine in costs],
        "cost_estimated": [cost.estimate for cost, _ in costs],
    }


def _two_way(contract: Transaction) -> list[tuple[str, str]]:
    return sorted(
        {(data_set.breakdown, data_set.across) for data_set in contract.data_sets.values()
         if data_set.breakdown and data_set.across}
    )  # fmt: skip
