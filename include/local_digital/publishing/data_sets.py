"""What a council's data sets should hold: the marts' whole, finished periods as platform records."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from local_digital.calendar import period_end
from local_digital.errors import ConfigurationError
from local_digital.publishing.client import DataSetClient
from local_digital.publishing.records import Record, payload_hash, record_id, timestamp
from local_digital.sql import statement

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Connection as Database

    from local_digital.config.models import Council, DataSet, Publication
    from local_digital.workspace import FeedHandle, Workspace


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


def desired(workspace: Workspace, feed: FeedHandle) -> list[Desired]:
    """Return every data set that a feed publishes, as the marts have it now."""
    with workspace.engine.connect() as db:
        return [
            Desired(
                feed.council,
                feed.contract.transaction,
                name,
                _records(db, feed, feed.contract.data_sets[name], publication),
            )
            for name, publication in feed.feed.publish.items()
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


def _records(db: Database, feed: FeedHandle, data_set: DataSet, publication: Publication) -> dict[str, Record]:
    facts = {
        "council": feed.council.council,
        "transaction": feed.contract.transaction,
        "period_kind": data_set.period,
    }
    if data_set.kpi:
        rows = db.execute(statement("publish/kpi"), {**facts, "kpi": data_set.kpi, "version": data_set.version})
        found = [_kpi_record(data_set, row.period_start, float(row.value)) for row in rows]
    else:
        periods = list(db.scalars(statement("publish/finished_periods"), facts))
        names = {**facts, "breakdown": data_set.breakdown, "across": data_set.across or ""}
        counted = [_Count(*row) for row in db.execute(statement("publish/volume"), names)]
        found = _count_records(data_set, publication, periods, counted)
    return {str(record["_id"]): record for record in found}


class _Count(NamedTuple):
    period_start: dt.date
    label: str
    across_label: str
    reports: int


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


def _count_records(
    data_set: DataSet, publication: Publication, periods: list[dt.date], rows: list[_Count]
) -> list[Record]:
    """One record for each finished period and each label ever used: zero is a figure, and an upsert forgets nothing."""
    spelt = publication.labels
    counts: Counter[tuple[dt.date, str, str]] = Counter()
    labels = {(label, "") for label in spelt.values()}
    for row in rows:
        shown = spelt.get(row.label, row.label)
        labels.add((shown, row.across_label))
        counts[row.period_start, shown, row.across_label] += row.reports
    return [
        _count_record(data_set, start, label, across, counts[start, label, across])
        for start in periods
        for label, across in sorted(labels)
    ]


def _count_record(data_set: DataSet, start: dt.date, label: str, across: str, count: int) -> Record:
    second = {data_set.across: across} if data_set.across else {}
    return {
        "_id": record_id(start, data_set.period, label, *second.values()),
        "_timestamp": timestamp(start),
        "period": data_set.period,
        str(data_set.dimension): label,
        **second,
        data_set.measure: count,
    }
