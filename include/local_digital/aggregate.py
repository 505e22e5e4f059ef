"""aggregate: weekly and monthly figures of exactly the periods that deliveries touched, on the London calendar."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from local_digital.sql import statement
from local_digital.workspace import FeedHandle, Workspace, lock

if TYPE_CHECKING:
    from sqlalchemy import Connection as Database

_FIGURES = ("marts/volume", "marts/kpi_digital_takeup", "marts/kpi_time_to_close", "marts/kpi_within_working_day")


# Counts by week say nothing about months, and the other way round.
_KINDS_FROM = {"day": ["week", "month"], "week": ["week"], "month": ["month"]}


@dataclass(frozen=True)
class AggregateReport:
    """periods: how many weeks and months were computed again, by transaction."""

    periods: dict[str, int]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def aggregate(workspace: Workspace, council: str) -> AggregateReport:
    """Recompute the stale periods of a council's feeds, one transaction a feed; nothing stale, nothing done."""
    return AggregateReport(
        {feed.contract.transaction: _aggregate_feed(workspace, feed) for feed in workspace.feeds(council)}
    )


def not_demand(feed: FeedHandle) -> list[str]:
    """Return the statuses whose records are kept and not counted: duplicates, tests, what went to other services."""
    fields = feed.contract.fields
    statuses = fields["status"].values if "status" in fields else {}
    return [name for name, label in statuses.items() if not label.demand]


def _aggregate_feed(workspace: Workspace, feed: FeedHandle) -> int:
    with workspace.engine.begin() as db:
        lock(db, "feed", feed.feed_id)
        periods = _touched(db, feed)
        if periods:
            facts = _facts(feed)
            for table in ("marts/forget_volume", "marts/forget_kpi"):
                db.execute(statement(table), facts)
            for figure in _FIGURES:
                db.execute(statement(figure), facts)
        db.execute(text("delete from ledger.stale_day where feed_id = :feed_id"), {"feed_id": feed.feed_id})
        db.execute(text("drop table touched_period"))
    return periods


def _touched(db: Database, feed: FeedHandle) -> int:
    counted_by = feed.feed.aggregate.period if feed.feed.aggregate else None
    return db.execute(
        statement("marts/touched_period"),
        {
            "feed_id": feed.feed_id,
            "covers_from": feed.feed.covers_from,
            "quiet_days": feed.feed.quiet_days,
            "period_kinds": _KINDS_FROM[counted_by or "day"],
            "counted_by": counted_by,
            "only_changes": feed.feed.delivery in {"delta", "event_log"},
        },
    ).rowcount


def _facts(feed: FeedHandle) -> dict[str, object]:
    fields = feed.contract.fields
    channels = fields["channel"].values
    return {
        "feed_id": feed.feed_id,
        "council": feed.council.council,
        "transaction": feed.contract.transaction,
        "division": feed.council.bank_holidays.value,
        "breakdowns": ["channel", *feed.contract.breakdowns],
        "not_demand": not_demand(feed),
        "digital": [name for name, label in channels.items() if label.digital],
        "digital_unassisted": [name for name, label in channels.items() if label.digital and not label.assisted],
        "knows_closing": "closed_at" in feed.feed.columns or feed.feed.delivery == "event_log",
    }
