"""What a council's data sets should hold: the marts' whole, finished periods as platform records."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from local_digital.availability import monitoring_records
from local_digital.calendar import period_end
from local_digital.errors import ConfigurationError
from local_digital.publishing.client import DataSetClient
from local_digital.publishing.records import Record, payload_hash, record_id, timestamp
from local_digital.publishing.releases import breakdowns_of, releases
from local_digital.sql import statement

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection as Database
    from sqlalchemy import Row

    from local_digital.config.models import Council, DataSet
    from local_digital.disclosure import Cell
    from local_digital.publishing.releases import Release
    from local_digital.workspace import FeedHandle, Workspace

Sink: TypeAlias = Literal["live", "trial"]
# By kind of period, what disclosure control decided on each of them.
Released: TypeAlias = "Mapping[str, Mapping[dt.date, Release]]"
_COST = "cost_per_transaction"
# How many data sets of a council are written or read at once, so that one that is slow or dead holds up no other.
SIDE_BY_SIDE = 4


@dataclass(frozen=True)
class Desired:
    """A data set of a council with the records that a sink should hold of it, by id. sink: the platform (`live`) or the
    one for trials.
    """

    council: Council
    transaction: str
    name: str
    sink: Sink
    records: dict[str, Record]

    @property
    def names(self) -> dict[str, str]:
        """What tells it apart in the ledger."""
        return {
            "council": self.council.council,
            "transaction": self.transaction,
            "data_set": self.name,
            "sink": self.sink,
        }

    @property
    def hashes(self) -> dict[str, str]:
        return {key: payload_hash(record) for key, record in self.records.items()}


def desired(
    db: Database, feed: FeedHandle, released: Released, *, sink: Sink = "live", hourly: bool = False
) -> list[Desired]:
    """Return the data sets that a feed publishes, as the marts have them now and as they may be shown.

    released: what disclosure control decided (`released`). hourly: only those about availability, which have a schedule
    of their own; without it all others.
    """
    return [
        Desired(feed.council, feed.contract.transaction, name, sink, _records(db, feed, name, released))
        for name in published(feed, hourly=hourly)
    ]


def published(feed: FeedHandle, *, hourly: bool) -> list[str]:
    """Return the names of the data sets that a feed publishes, either those about availability or all others."""
    return [name for name in feed.feed.publish if feed.contract.data_sets[name].availability == hourly]


def released(db: Database, feed: FeedHandle, *, run_id: str | None) -> Released:
    """Return what disclosure control decides on the counts that a feed publishes, by kind of period.

    run_id: the run that is about to show them, whose releases are remembered before anything leaves; None only looks.
    """
    kinds = {feed.contract.data_sets[name].period for name in feed.feed.publish}
    return {kind: releases(db, feed, kind, run_id=run_id) for kind in sorted(kinds & {"week", "month"})}


def client(
    workspace: Workspace, council: Council, transaction: str, data_set: str, sink: Sink = "live"
) -> DataSetClient:
    """Return a client for a council's data set; raise ConfigurationError when address or token is missing."""
    connection_id = council.platform.trial if sink == "trial" else council.platform.connection
    if connection_id is None:
        raise ConfigurationError(
            f"council {council.council}: platform.trial",
            expected="the connection of the sink for trials",
            found="none",
            action="Add it to the council's file: a feed needs it on trial, and until it is emptied there.",
        )
    connection = workspace.settings.connection(connection_id)
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
    ca_file = str(connection.extra.get("ca_file") or "") or None
    return DataSetClient(connection.host, group, data_set, str(token), ca_file=ca_file)


def _records(db: Database, feed: FeedHandle, name: str, released: Released) -> dict[str, Record]:
    data_set = feed.contract.data_sets[name]
    if data_set.availability:
        found = monitoring_records(db, feed, name)
    elif data_set.kpi == "user-satisfaction":
        found = _rating_records(db, feed, data_set)
    elif data_set.kpi == "cost-per-transaction":
        found = _cost_records(db, feed, data_set, feed.feed.publish[name].labels)
    elif data_set.kpi:
        found = [_kpi_record(data_set, row.period_start, float(row.value)) for row in _kpi_rows(db, feed, data_set)]
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


def _kpi_rows(db: Database, feed: FeedHandle, data_set: DataSet) -> Sequence[Row[Any]]:
    facts = {
        **_names(feed, data_set),
        "kpi": data_set.kpi,
        "version": data_set.version,
        "threshold": data_set.threshold,
        "untold_with": feed.contract.telling_caveats,
    }
    return db.execute(statement("publish/kpi"), facts).all()


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


def _rating_records(db: Database, feed: FeedHandle, data_set: DataSet) -> list[Record]:
    """One record for each period in which somebody gave a rating: the score, and how many gave which."""
    given: dict[dt.date, Counter[str]] = defaultdict(Counter)
    asked = {**_names(feed, data_set), "breakdown": "rating", "across": ""}
    for row in db.execute(statement("publish/volume"), asked):
        given[row.period_start][row.label] = row.reports
    return [
        {
            **_kpi_record(data_set, row.period_start, float(row.value)),
            **{f"rating_{stars}": given[row.period_start][str(stars)] for stars in range(1, 6)},
            "num_responses": given[row.period_start].total(),
        }
        for row in _kpi_rows(db, feed, data_set)
    ]


def _cost_records(db: Database, feed: FeedHandle, data_set: DataSet, spelt: Mapping[str, str]) -> list[Record]:
    """By quarter, pounds for each transaction: one record for all channels and one for each that has a unit cost."""
    pounds: Counter[tuple[dt.date, str]] = Counter()
    transactions: Counter[tuple[dt.date, str]] = Counter()
    for row in db.execute(statement("publish/cost_by_channel"), _names(feed, data_set)):
        channel = re.sub(r"[^a-z0-9]+", "_", spelt.get(row.label, row.label).lower())
        key = (row.period_start, f"{_COST}_{channel}")
        pounds[key] += row.numerator
        transactions[key] += row.denominator
    costs = {key: pounds[key] / transactions[key] for key in pounds}
    costs |= {(row.period_start, _COST): row.value for row in _kpi_rows(db, feed, data_set)}
    return [
        {
            "_id": record_id(start, data_set.period, channel),
            "_timestamp": timestamp(start),
            "end_at": timestamp(period_end(data_set.period, start)),
            "period": data_set.period,
            "channel": channel,
            # Unit costs have four decimals.
            data_set.measure: round(float(cost), 4),
        }
        for (start, channel), cost in sorted(costs.items())
    ]


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
