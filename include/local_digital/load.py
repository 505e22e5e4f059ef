"""load: accepted records of validated deliveries into the warehouse, one database transaction a delivery.

The warehouse always equals the deliveries applied in the order of their `as_of`: what a newer delivery says about a
record is never undone by an older one that comes late, and a delivery that was re-sent corrected leaves no trace.
"""

from __future__ import annotations

import io
import logging
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from sqlalchemy import text

from local_digital.ahead import ahead
from local_digital.calendar import local_day
from local_digital.config.sources import FileFacts
from local_digital.fields import INSTANTS, LABELS, RECORD_FIELDS, UNMAPPED
from local_digital.parsing.values import decoded
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement
from local_digital.workspace import FeedHandle, Workspace, lock

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection as Database
    from sqlalchemy import Row

_log = logging.getLogger(__name__)
_COLUMNS = (*RECORD_FIELDS, "line")
# So many rows are spelt out as text at a time.
_AT_ONCE = 100_000
_ANALYZED_FROM = 10_000
_COPY_BYTES = 1 << 20


# Numbers of labels, by field and label.
_Numbers: TypeAlias = dict[str, dict[str, int]]


class _Written(NamedTuple):
    """How many records a delivery came to, as in `LoadReport`."""

    inserted: int
    updated: int = 0
    unchanged: int = 0
    withdrawn: int = 0


class _Text(NamedTuple):
    """copy: the statement; rows: what it reads."""

    copy: str
    rows: io.BytesIO


@dataclass
class LoadReport:
    """Records written by this call: inserted, updated, unchanged (already so), withdrawn (a re-sent file lost them)."""

    delivery_ids: list[int] = field(default_factory=list)
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    withdrawn: int = 0

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@acting_as(LOADER)
def load(workspace: Workspace, feed: FeedHandle) -> LoadReport:
    """Load every validated delivery of a feed, oldest first; nothing to do is fine.

    Killed at any point and run again it gives the same rows: each delivery is loaded and marked in one transaction.
    """
    report = LoadReport()
    while True:
        with workspace.engine.begin() as db:
            lock(db, "feed", feed.feed_id)
            delivery = db.execute(statement("load/next_delivery"), {"feed_id": feed.feed_id}).first()
            if delivery is None:
                return report
            _load_one(workspace, db, feed, delivery, report)
        _log.info("%s: delivery %s loaded", feed.name, delivery.delivery_id)


def _load_one(workspace: Workspace, db: Database, feed: FeedHandle, delivery: Row[Any], report: LoadReport) -> None:
    resent = _superseded(db, feed, delivery)
    newer = _others(db, feed, delivery, "load/newer_deliveries")
    if feed.feed.delivery not in {"event_log", "aggregate"} and not resent and not newer and _is_empty(db, feed):
        written = _add_all(workspace, db, feed, delivery.delivery_id)
    else:
        written = _apply(workspace, db, feed, delivery, resent, newer)
    counts = {"delivery_id": delivery.delivery_id, **written._asdict()}
    db.execute(
        statement("load/mark_days_now_complete"),
        {
            "feed_id": feed.feed_id,
            "delivery_id": delivery.delivery_id,
            "complete_until": local_day(delivery.complete_until),
            "covers_from": feed.feed.covers_from,
        },
    )
    db.execute(statement("load/mark_loaded"), counts)
    report.delivery_ids.append(delivery.delivery_id)
    report.inserted += written.inserted
    report.updated += written.updated
    report.unchanged += written.unchanged
    report.withdrawn += written.withdrawn


def _apply(
    workspace: Workspace, db: Database, feed: FeedHandle, delivery: Row[Any], resent: list[int], newer: list[int]
) -> _Written:
    """Bring a delivery to what is known of the feed already."""
    records = workspace.landing.accepted(delivery.delivery_id)
    if feed.feed.delivery == "event_log":
        inserted, updated, withdrawn = _load_events(workspace, db, feed, delivery, records, resent, newer)
    else:
        stated = _periods(workspace, newer) if feed.feed.delivery == "aggregate" else None
        if newer:
            records = _without(records, _refs(workspace, newer))
        if stated:
            records = records.filter(pc.invert(_within(records, stated)))
        settled = not newer and not resent
        fresh = _unlike_the_last(workspace, db, feed, delivery, records) if settled else records
        inserted, updated = _merge(db, feed, delivery.delivery_id, fresh)
        withdrawn = _replace_periods(db, feed, delivery, records) if feed.feed.delivery == "aggregate" else 0
        if resent:
            withdrawn += _retract(workspace, db, feed, delivery, resent, newer)
    return _Written(inserted, updated, max(0, records.num_rows - inserted - updated), withdrawn)


def _is_empty(db: Database, feed: FeedHandle) -> bool:
    query = text("select not exists (select 1 from core.record where feed_id = :feed_id)")
    return bool(db.scalar(query, {"feed_id": feed.feed_id}))


def _add_all(workspace: Workspace, db: Database, feed: FeedHandle, delivery_id: int) -> _Written:
    """Write the first records of a feed, which nothing can be compared with."""
    landing = workspace.landing
    numbers = _numbers(db, landing.accepted_parts(delivery_id, list(LABELS)))
    same = {"feed_id": feed.feed_id, "delivery_id": delivery_id}
    days: set[dt.date] = set()
    rows = 0

    def texts() -> Iterator[_Text]:
        nonlocal rows
        for part in landing.accepted_parts(delivery_id):
            days.update(_days(part.column("reported_at")))
            rows += part.num_rows
            yield from _texts("core.record", part, _COLUMNS, numbers, same)

    _copy(db, texts())
    if rows >= _ANALYZED_FROM:
        # Without statistics of so many new rows the figures would be computed in the slowest way there is.
        db.execute(text("select core.analyze_records()"))
    db.execute(statement("load/add_stale_days"), {"feed_id": feed.feed_id, "days": sorted(days)})
    return _Written(rows)


def _days(moments: pa.ChunkedArray) -> list[dt.date]:
    local = pc.local_timestamp(pc.cast(moments, pa.timestamp("us", tz="Europe/London")))
    days: list[dt.date] = pc.unique(pc.cast(local, pa.date32(), safe=False)).to_pylist()
    return days


def _merge(db: Database, feed: FeedHandle, delivery_id: int, records: pa.Table) -> tuple[int, int]:
    """Stage with COPY and merge; return how many records were inserted and how many updated."""
    if records.num_rows == 0:
        return 0, 0
    _stage(db, records, _COLUMNS)
    return _merge_staged(db, feed, delivery_id)


def _stage(db: Database, records: pa.Table, columns: tuple[str, ...]) -> None:
    db.execute(statement("load/stage"))
    _copy(db, _texts("stage", records, columns, _numbers(db, [records]), {}))
    db.execute(text("analyze stage"))


def _copy(db: Database, texts: Iterator[_Text]) -> None:
    cursor = db.connection.cursor()
    for copy, rows in ahead(texts):
        cursor.copy_expert(copy, rows, _COPY_BYTES)
    cursor.close()


def _texts(
    table: str, records: pa.Table, columns: tuple[str, ...], numbers: _Numbers, same: dict[str, int]
) -> Iterator[_Text]:
    """Spell records out for COPY. numbers: of labels. same: columns that are alike in all rows, with their value."""
    for start in range(0, records.num_rows, _AT_ONCE):
        few = records.slice(start, _AT_ONCE)
        # What none of them has, a column is null by itself. The names are the vocabulary's own, no outside text.
        told = {name: few.column(name) for name in columns if few.column(name).null_count < few.num_rows}
        spelt = pa.table(
            {name: _spelt(name, column, numbers) for name, column in told.items()}
            | {name: pa.repeat(value, few.num_rows) for name, value in same.items()}
        )
        rows = io.BytesIO()
        pa.csv.write_csv(spelt, rows, pa.csv.WriteOptions(include_header=False, quoting_style="needed"))
        rows.seek(0)
        yield _Text(f"copy {table} ({', '.join(spelt.column_names)}) from stdin with (format csv)", rows)


def _unlike_the_last(
    workspace: Workspace, db: Database, feed: FeedHandle, delivery: Row[Any], records: pa.Table
) -> pa.Table:
    """Leave out the records that the newest loaded delivery tells the same way: the warehouse has them like that.

    Only where nothing newer is loaded and nothing is undone; what the delivery before the last told may differ.
    """
    before = _others(db, feed, delivery, "load/older_deliveries")
    if not before or not workspace.landing.has_accepted(before[0]):
        return records
    last = workspace.landing.accepted(before[0])
    found = pc.index_in(records.column("record_ref"), value_set=last.column("record_ref"))
    same = pc.is_valid(found)
    for name in RECORD_FIELDS:
        if name == "record_ref":
            continue
        now, then = decoded(records.column(name)), decoded(last.column(name)).take(found)
        alike = pc.or_(pc.fill_null(pc.equal(now, then), False), pc.and_(pc.is_null(now), pc.is_null(then)))
        same = pc.and_(same, alike)
    return records.filter(pc.invert(same))


def _merge_staged(db: Database, feed: FeedHandle, delivery_id: int) -> tuple[int, int]:
    merged = db.execute(statement("load/merge_records"), {"feed_id": feed.feed_id, "delivery_id": delivery_id}).one()
    db.execute(text("drop table stage"))
    return int(merged.inserted), int(merged.updated)


def _load_events(
    workspace: Workspace,
    db: Database,
    feed: FeedHandle,
    delivery: Row[Any],
    events: pa.Table,
    resent: list[int],
    newer: list[int],
) -> tuple[int, int, int]:
    """Add a delivery's events and tell its cases anew; return cases inserted, updated and withdrawn.

    The order in which deliveries come does not matter: the events carry their own time.
    """
    refs = set(events.column("record_ref").to_pylist())
    if resent:
        forgotten = db.scalars(statement("load/forget_events"), {"feed_id": feed.feed_id, "superseded": resent})
        refs |= set(forgotten)
        for other in (*_others(db, feed, delivery, "load/older_deliveries"), *newer):
            told = workspace.landing.accepted(other)
            known = told.filter(pc.is_in(told.column("record_ref"), pa.array(sorted(refs), pa.string())))
            _add_events(db, feed, other, known)
    _add_events(db, feed, delivery.delivery_id, events)
    statuses = feed.contract.fields["status"].values if "status" in feed.contract.fields else {}
    db.execute(
        statement("load/fold_events"),
        {
            "feed_id": feed.feed_id,
            "delivery_id": delivery.delivery_id,
            "refs": sorted(refs),
            "closing": [name for name, label in statuses.items() if label.closes],
            "unmapped": _label_numbers(db, "channel", [UNMAPPED])[UNMAPPED],
            "report_is_told": "reported_at" in feed.feed.columns,
        },
    )
    left = set(db.scalars(text("select record_ref from stage")))
    inserted, updated = _merge_staged(db, feed, delivery.delivery_id)
    gone = sorted(refs - left)
    removed = db.execute(statement("load/withdraw_records"), {"feed_id": feed.feed_id, "refs": gone}).one()
    return inserted, updated, int(removed.withdrawn)


def _add_events(db: Database, feed: FeedHandle, delivery_id: int, events: pa.Table) -> None:
    _stage(db, events, (*_COLUMNS, "event_at"))
    facts = {"feed_id": feed.feed_id, "delivery_id": delivery_id}
    db.execute(statement("load/claim_events"), facts)
    db.execute(statement("load/add_events"), facts)
    db.execute(text("drop table stage"))


def _replace_periods(db: Database, feed: FeedHandle, delivery: Row[Any], records: pa.Table) -> int:
    """Take out what earlier deliveries counted in periods that this one states again; return how many counts went."""
    periods = pc.unique(records.column("reported_at")).to_pylist()
    refs = records.column("record_ref").to_pylist()
    replaced = db.execute(
        statement("load/replace_periods"),
        {"feed_id": feed.feed_id, "series": delivery.series, "periods": periods, "refs": refs},
    ).one()
    return int(replaced.withdrawn)


def _spelt(name: str, column: pa.ChunkedArray, numbers: _Numbers) -> pa.ChunkedArray | pa.Array:
    """Return a column as PostgreSQL reads it from text."""
    if name in LABELS:
        encoded = column.combine_chunks().dictionary_encode()
        return pa.array([numbers[name].get(word) for word in encoded.dictionary.to_pylist()], pa.int32()).take(
            encoded.indices
        )
    if name == "premises_key":
        keys = column.combine_chunks().dictionary_encode()
        spelt = pa.array(
            [None if key is None else f"\\x{key.hex()}" for key in keys.dictionary.to_pylist()], pa.string()
        )
        return spelt.take(keys.indices)
    if name in INSTANTS or name == "event_at":
        # The library's own way with time zones takes ten times as long as all the rest.
        utc = pc.cast(pc.cast(column, pa.timestamp("us")), pa.string())
        return pc.binary_join_element_wise(utc, "Z", "")
    return pc.cast(column, pa.string()) if name == "amount" else column


def _numbers(db: Database, parts: Iterable[pa.Table]) -> _Numbers:
    """Return the numbers of all labels in these records, by field and label; new ones are given one."""
    words: dict[str, set[str]] = {name: set() for name in LABELS}
    for part in parts:
        # A record of a former version may lack some.
        for name in words.keys() & set(part.column_names):
            words[name].update(word for word in pc.unique(part.column(name)).to_pylist() if word is not None)
    return {name: _label_numbers(db, name, sorted(found)) for name, found in words.items() if found}


def _label_numbers(db: Database, field: str, labels: list[str]) -> dict[str, int]:
    return {
        row.label: row.label_id for row in db.execute(statement("load/label_ids"), {"field": field, "labels": labels})
    }


def _superseded(db: Database, feed: FeedHandle, delivery: Row[Any]) -> list[int]:
    """Mark earlier versions of the same file, and what this is a replay of, as superseded; return their ids."""
    source = feed.feed.source
    superseded: list[int] = []
    # Only a name that carries a day can be re-sent; an undated one is simply overwritten night after night.
    if isinstance(source, FileFacts) and source.pattern.has_date:
        superseded += db.scalars(statement("load/supersede"), {"delivery_id": delivery.delivery_id})
    if delivery.replay_of is not None:
        replayed = {"delivery_id": delivery.delivery_id, "replay_of": delivery.replay_of}
        superseded += db.scalars(statement("replay/supersede"), replayed)
    if superseded:
        db.execute(
            statement("load/mark_days_reopened"),
            {"feed_id": feed.feed_id, "superseded": superseded, "complete_until": delivery.complete_until},
        )
    return superseded


def _retract(
    workspace: Workspace, db: Database, feed: FeedHandle, delivery: Row[Any], superseded: list[int], newer: list[int]
) -> int:
    """Undo what earlier versions of the same file said and neither this nor a newer delivery repeats.

    Such a record goes back to what the newest older delivery says of it, or goes altogether. Returns how many went.
    """
    repeating = [delivery.delivery_id, *newer]
    gone = _refs(workspace, superseded) - _refs(workspace, repeating)
    # A period that counts are no longer stated of goes back as a whole.
    periods: set[dt.datetime] = set()
    if feed.feed.delivery == "aggregate":
        periods = _periods(workspace, superseded) - _periods(workspace, repeating)
    for older in _others(db, feed, delivery, "load/older_deliveries"):
        if not gone and not periods:
            break
        records = workspace.landing.accepted(older)
        if feed.feed.delivery == "aggregate":
            known = records.filter(_within(records, periods))
            periods -= set(known.column("reported_at").to_pylist())
        else:
            known = records.filter(pc.is_in(records.column("record_ref"), pa.array(sorted(gone), pa.string())))
        _merge(db, feed, older, known)
        gone -= set(known.column("record_ref").to_pylist())
    removed = db.execute(statement("load/withdraw_records"), {"feed_id": feed.feed_id, "refs": sorted(gone)}).one()
    return int(removed.withdrawn)


def _others(db: Database, feed: FeedHandle, delivery: Row[Any], query: str) -> list[int]:
    # Counts are stated by each of a night's files for itself.
    series = delivery.series if feed.feed.delivery == "aggregate" else None
    facts = {
        "feed_id": feed.feed_id,
        "as_of": delivery.as_of,
        "delivery_id": delivery.delivery_id,
        "series": series,
    }
    return list(db.scalars(statement(query), facts))


def _refs(workspace: Workspace, deliveries: Iterable[int]) -> set[str]:
    return {
        ref
        for delivery_id in deliveries
        for ref in workspace.landing.accepted(delivery_id, ["record_ref"]).column("record_ref").to_pylist()
    }


def _periods(workspace: Workspace, deliveries: Iterable[int]) -> set[dt.datetime]:
    return {
        moment
        for delivery_id in deliveries
        for moment in workspace.landing.accepted(delivery_id, ["reported_at"]).column("reported_at").to_pylist()
    }


def _within(records: pa.Table, periods: set[dt.datetime]) -> pa.ChunkedArray:
    """Return the mask of the counts of these periods."""
    return pc.is_in(records.column("reported_at"), pa.array(sorted(periods), pa.timestamp("us", tz="UTC")))


def _without(records: pa.Table, refs: set[str]) -> pa.Table:
    known = pc.is_in(records.column("record_ref"), pa.array(sorted(refs), pa.string()))
    return records.filter(pc.invert(known))
