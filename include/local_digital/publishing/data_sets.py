"""What a council's data sets should hold: the marts' whole, finished periods as platform records."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from local_digital.calendar import period_end
from local_digital.errors import ConfigurationError
from local_digital.publishing.client import DataSetClient
from local_digital.publishing.records import Record, payload_hash, record_id, timestamp
from local_digital.publishing.releases import breakdowns_of, releases
from local_digital.sql import statement

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from sqlalchemy import Connection as Database

    from local_digital.config.models import Council, DataSet
    from local_digital.disclosure import Cell
    from local_digital.publishing.releases import Release
    from local_digital.workspace import FeedHandle, Workspace

# How many data sets of a council are written or read at once, so that one that is slow or dead holds up no other.
SIDE_BY_SIDE = 4


@dataclass(frozen=True)
class Desired:
    """A data set of a council with the records it should hold, by id."""

    council: Council
    transaction: str
    name: str
    records: dict[str, Record]

    @property
    def names(self) -> dict[str, str]:
        """What tells it apart in the ledger."""
        return {"council": self.council.council, "transaction": self.transaction, "data_set": self.name}

    @property
    def hashes(self) -> dict[str, str]:
        return {key: payload_hash(record) for key, record in self.records.items()}


def desired(workspace: Workspace, feed: FeedHandle, *, run_id: str | None) -> list[Desired]:
    """Return every data set that a feed publishes, as the marts have it now and as it may be shown.

    run_id: the run that is about to send them, whose releases are remembered before anything leaves; None only looks.
    """
    kinds = {feed.contract.data_sets[name].period for name in feed.feed.publish}
    with workspace.engine.begin() as db:
        released = {kind: releases(db, feed, kind, run_id=run_id) for kind in sorted(kinds)}
        return [
            Desired(feed.council, feed.contract.transaction, name, _records(db, feed, name, released))
            for name in feed.feed.publish
        ]


def client(workspace: Workspace, council: Council, transaction: str, data_set: str) -> DataSetClient:
    """Return a client for a council's data set; raise ConfigurationError when address or token is missing."""
    connection = workspace.settings.connection(council.platform.connection)
    connection.require("host")
    tokens = connection.extra.get("tokens")
    if not isinstance(tokens, dict):
        raise ConfigurationError(
            f"connection {connection.connection_id}",
            expected="extra.tokens with one bearer token per data type, or per `data-group/data-type`",
            found="none",
            action="Add it (docs/adding-a-council.md#connections).",
        )
    group = council.data_group(transaction)
    token = tokens.get(f"{group}/{data_set}") or tokens.get(data_set) or ""
    return DataSetClient(connection.host, group, data_set, str(token))


def _records(
    db: Database, feed: FeedHandle, name: str, released: dict[Literal["week", "month"], dict[dt.date, Release]]
) -> dict[str, Record]:
    data_set = feed.contract.data_sets[name]
    if data_set.kpi:
        found = _kpi_records(db, feed, data_set)
    elif data_set.threshold:
        found = [
            _count_record(data_set, start, cell, count)
            for start, period in released[data_set.period].items()
            for cell, count in sorted(period.shown(breakdowns_of(data_set), _spelt(feed)).items())
        ]
    else:
        found = _uncontrolled(db, feed, data_set, feed.feed.publish[name].labels)
    return {str(record["_id"]): record for record in found}


def _spelt(feed: FeedHandle) -> dict[str, dict[str, str]]:
    """Return the platform's spelling of labels by breakdown, as the data set by that breakdown alone has it."""
    return {
        str(feed.contract.data_sets[name].breakdown): publication.labels
        for name, publication in feed.feed.publish.items() if publication.labels
    }  # fmt: skip


def _kpi_records(db: Database, feed: FeedHandle, data_set: DataSet) -> list[Record]:
    facts = {
        **_names(feed, data_set),
        "kpi": data_set.kpi,
        "version": data_set.version,
        "threshold": data_set.threshold,
    }
    rows = db.execute(statement("publish/kpi"), facts)
    return [_kpi_record(data_set, row.period_start, float(row.value)) for row in rows]


def _names(feed: FeedHandle, data_set: DataSet) -> dict[str, object]:
    return {
        "council": feed.council.council,
        "transaction": feed.contract.transaction,
        "period_kind": data_set.period,
    }


def _kpi_record(data_set: DataSet, start: dt.date, value: float) -> Record:
    return {
        "_id": record_id(start, data_set.period, str(data_set.kpi)),
        "_timestamp": timestamp(start),
        "_start_at": timestamp(start),
        "_end_at": timestamp(period_end(data_set.period, start)),
        "period": data_set.period,
        # Six decimals are one in a million, well beyond what any count here can show, and read back the same.
        data_set.measure: round(value, 6),
    }


def _uncontrolled(db: Database, feed: FeedHandle, data_set: DataSet, spelt: Mapping[str, str]) -> list[Record]:
    """One record for each finished period and each label ever used: zero is a figure, and an upsert forgets nothing."""
    names = _names(feed, data_set)
    periods = list(db.scalars(statement("publish/finished_periods"), names))
    breakdowns = breakdowns_of(data_set)
    counts: Counter[tuple[dt.date, Cell]] = Counter()
    cells: set[Cell] = {((breakdowns[0], label),) for label in spelt.values()} if len(breakdowns) == 1 else set()
    for row in db.execute(
        statement("publish/volume"), {**names, "breakdown": data_set.breakdown, "across": data_set.across or ""}
    ):
        labels = (spelt.get(row.label, row.label), row.across_label)
        cell = tuple(zip(breakdowns, labels, strict=False))
        cells.add(cell)
        counts[row.period_start, cell] += row.reports
    return [_count_record(data_set, start, cell, counts[start, cell]) for start in periods for cell in sorted(cells)]


def _count_record(data_set: DataSet, start: dt.date, cell: Cell, count: int) -> Record:
    (_, label), *second = cell
    return {
        "_id": record_id(start, data_set.period, label, *(across for _, across in second)),
        "_timestamp": timestamp(start),
        "period": data_set.period,
        str(data_set.dimension): label,
        **dict(second),
        data_set.measure: count,
    }
