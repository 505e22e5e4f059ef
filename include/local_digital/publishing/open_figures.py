"""What the public may see of a feed: its released figures, kept apart from the marts until the next release."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from local_digital.publishing.releases import breakdowns_of
from local_digital.sql import statement
from local_digital.workspace import lock

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection as Database

    from local_digital.config.models import DataSet
    from local_digital.publishing.releases import Release
    from local_digital.workspace import FeedHandle


class Count(NamedTuple):
    """One count by a breakdown as it may be shown. reports: None where it is withheld."""

    data_set: str
    period_kind: str
    period_start: dt.date
    label: str
    across_label: str
    reports: int | None


def open_to_public(
    db: Database, feed: FeedHandle, released: Mapping[str, Mapping[dt.date, Release]], *, run_id: str
) -> bool:
    """Make the feed's figures, as the marts have them now, the public ones; say whether that changed any.

    released: by period kind, what disclosure control decided (`releases`). The counts are those of the data sets that
    the feed publishes; of KPIs, whole and finished ones, but for those that would tell what is withheld. What was
    added, revised or withdrawn goes into the change log.
    """
    lock(db, "open data", feed.feed_id)
    names = {
        "council": feed.council.council,
        "transaction": feed.contract.transaction,
        "run_id": run_id,
        "untold": feed.contract.telling_kpis,
        "untold_with": feed.contract.telling_caveats,
        **_thresholds(feed),
    }
    db.execute(statement("open_data/feed"), names)
    counts = [
        count
        for name in feed.feed.publish
        if feed.contract.data_sets[name].breakdown
        for count in _counts(db, feed, name, feed.contract.data_sets[name], released)
    ]
    columns = list(zip(*counts, strict=True)) or [()] * len(Count._fields)
    db.execute(
        statement("open_data/wanted_volume"),
        {name: list(column) for name, column in zip(Count._fields, columns, strict=True)},
    )
    for what in ("period", "kpi", "volume"):
        db.execute(statement(f"open_data/{what}"), names)
    db.execute(text("drop table wanted_volume"))
    return db.scalar(statement("open_data/note_change"), names) is not None


def drop_data_sets(db: Database, feed: FeedHandle, *, run_id: str) -> bool:
    """Take out of what the public may see the counts of data sets that the feed publishes no longer; say whether there
    were any.
    """
    lock(db, "open data", feed.feed_id)
    names = {"council": feed.council.council, "transaction": feed.contract.transaction, "run_id": run_id}
    dropped = db.execute(
        statement("open_data/drop_data_sets"), {**names, "published": list(feed.feed.publish)}
    ).rowcount
    return dropped > 0 and db.scalar(statement("open_data/note_change"), names) is not None


def withdraw_from_public(db: Database, feed: FeedHandle, *, run_id: str) -> bool:
    """Take all of a feed's figures out of what the public may see; say whether there were any."""
    lock(db, "open data", feed.feed_id)
    names = {"council": feed.council.council, "transaction": feed.contract.transaction, "run_id": run_id}
    return db.execute(statement("open_data/withdraw"), names).rowcount > 0


def _thresholds(feed: FeedHandle) -> dict[str, list[object]]:
    """Return which KPIs are shown only where they are about enough, by the contract's data sets of them."""
    controlled = {
        data_set.kpi: data_set.threshold for data_set in feed.contract.data_sets.values()
        if data_set.kpi and data_set.threshold
    }  # fmt: skip
    return {"kpis": list(controlled), "thresholds": list(controlled.values())}


def _counts(
    db: Database, feed: FeedHandle, name: str, data_set: DataSet, released: Mapping[str, Mapping[dt.date, Release]]
) -> Iterator[Count]:
    breakdowns = breakdowns_of(data_set)
    if data_set.threshold:
        for start, release in released[data_set.period].items():
            for cell, reports in release.counts.items():
                if tuple(field for field, _ in cell) == breakdowns:
                    label, across_label = (*(label for _, label in cell), "")[:2]
                    shown = None if cell in release.withheld else reports
                    yield Count(name, data_set.period, start, label, across_label, shown)
        return
    facts = {
        "council": feed.council.council,
        "transaction": feed.contract.transaction,
        "period_kind": data_set.period,
        "breakdown": data_set.breakdown,
        "across": data_set.across or "",
    }
    for row in db.execute(statement("open_data/uncontrolled"), facts):
        yield Count(name, data_set.period, row.period_start, row.label, row.across_label, row.reports)
