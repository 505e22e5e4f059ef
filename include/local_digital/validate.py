"""validate: parse a landed delivery, check it, set aside what is wrong, keep the rest as canonical records.

Every row read is accepted, quarantined or an exact duplicate; the sum is checked here and again by the database.
Nothing personal leaves this step.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import text

from local_digital.calendar import local_day, midnight, period_end
from local_digital.config.sources import FileFacts
from local_digital.data_docs import keep
from local_digital.error_report import write_missing
from local_digital.errors import DataError, defect
from local_digital.expectations import Validation, check
from local_digital.fields import UNMAPPED
from local_digital.parsing.candidates import Candidates, Fault, parse
from local_digital.parsing.mapping import Delivered
from local_digital.partition import by_reference
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement
from local_digital.suppression import LeftOut, Suppressed, privacy_secret
from local_digital.workspace import FeedHandle, Workspace, lock

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy import Connection as Database
    from sqlalchemy import Row

    from local_digital.parsing.instants import Mask

_log = logging.getLogger(__name__)
_EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
# What bytes that nobody thought of may make a library raise: such a delivery is turned down, and holds up no other.
UNREADABLE = (pa.ArrowException, ValueError, ArithmeticError, LookupError, RecursionError, FileNotFoundError)
_VOLUME_WEEKS = 8
_VOLUME_HISTORY = 4
_VOLUME_BAND = (0.5, 2.0)


@dataclass(frozen=True)
class DeliveryReport:
    """What became of a delivery. status: `validated`, `rejected`, and later `loaded` or `unchanged`.

    read = accepted + quarantined + duplicates + filtered, the last being rows of other services and, so many of them,
    `forgotten` ones.
    """

    delivery_id: int
    name: str
    status: str
    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    filtered: int = 0
    forgotten: int = 0
    rejected_because: str | None = None
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@acting_as(LOADER)
def validate(workspace: Workspace, feed: FeedHandle) -> list[DeliveryReport]:
    """Validate every landed delivery of a feed, oldest first; the result is the same however often it runs.

    The newest deliveries with something to mend get an error report in the landing store. A rejected delivery is
    stored as such with its reason and does not stop the others. Raises ConfigurationError when the premises secret or
    the suite is missing.
    """
    secret = secret_for(workspace, feed)
    with workspace.engine.connect() as db:
        landed = db.execute(
            text(
                "select delivery_id, name, sha256, as_of, received_at, series from ledger.delivery "
                "where feed_id = :feed_id and status = 'landed' order by as_of, delivery_id"
            ),
            {"feed_id": feed.feed_id},
        ).all()
    reports = []
    for position, delivery in enumerate(landed):
        # A long backlog gets pages for its newest deliveries only; the counts of all are in the ledger.
        with_page = position >= len(landed) - workspace.settings.pages_kept
        report = _validate_one(workspace, feed, delivery, secret, with_page=with_page)
        _log.info("%s: delivery %s %s: %s", feed.name, report.delivery_id, report.status, _counts(report))
        reports.append(report)
    write_missing(workspace, feed)
    return reports


def secret_for(workspace: Workspace, feed: FeedHandle) -> str:
    """Return the council's secret where the feed's columns need it, an empty one elsewhere.

    Raises ConfigurationError when it is missing.
    """
    if "premises_key" in feed.feed.columns or any(column.derived_from for column in feed.feed.columns.values()):
        return privacy_secret(workspace, feed)
    return ""


def _counts(report: DeliveryReport) -> str:
    if report.status == "rejected":
        return report.rejected_because or ""
    others = f" + {report.filtered - report.forgotten} of other services" if report.filtered > report.forgotten else ""
    others += f" + {report.forgotten} to be forgotten" if report.forgotten else ""
    return (
        f"{report.read} read = {report.accepted} accepted + {report.quarantined} quarantined "
        f"+ {report.duplicates} duplicates{others}"
    )


@dataclass(frozen=True)
class Judged:
    """What a delivery's rows are by the feed's mapping; nothing of it is stored yet."""

    left: LeftOut
    found: _SortedOut


@acting_as(LOADER)
def judge(
    workspace: Workspace, feed: FeedHandle, delivery: Row[Any], secret: str, suppressed: Suppressed
) -> Judged | str:
    """Read a delivery (a row with `name`, `sha256`, `as_of`, `received_at` and `series`) and sort its rows.

    Returns the reason when the delivery is to be turned down as a whole. Changes nothing.
    """
    where = f"{feed.name}: {delivery.name}"
    try:
        with workspace.landing.open_raw(delivery.sha256) as raw:
            candidates = parse(
                raw,
                feed,
                Delivered(delivery.name, delivery.as_of, delivery.series),
                secret=secret,
                connection=workspace.settings.connection,
                where=where,
            )
        # What reading took, before the expectations take theirs.
        pa.default_memory_pool().release_unused()
        left = suppressed.leave_out(candidates)
        candidates = left.candidates
        _refuse_shrunken_snapshot(workspace, feed, delivery, candidates.rows_read - candidates.filtered, where)
        return Judged(left, _sort_out(workspace, feed, delivery, candidates, where))
    except (DataError, *UNREADABLE) as error:
        return str(error) if isinstance(error, DataError) else f"{where}: it cannot be read; {defect(error)}"


def _validate_one(
    workspace: Workspace, feed: FeedHandle, delivery: Row[Any], secret: str, *, with_page: bool
) -> DeliveryReport:
    where = f"{feed.name}: {delivery.name}"
    suppressed = Suppressed.of(workspace, feed)
    judged = judge(workspace, feed, delivery, secret, suppressed)
    if isinstance(judged, str):
        report = DeliveryReport(delivery.delivery_id, delivery.name, "rejected", rejected_because=judged)
        with workspace.engine.begin() as db:
            lock(db, "delivery", delivery.delivery_id)
            db.execute(statement("ledger/mark_rejected"), report.as_json())
        return report
    candidates, sorted_out = judged.left.candidates, judged.found
    complete_until, ends_early = _complete_until(feed, delivery.as_of, sorted_out)
    report = DeliveryReport(
        delivery.delivery_id,
        delivery.name,
        "validated",
        read=candidates.rows_read,
        accepted=int(np.count_nonzero(sorted_out.kept)),
        quarantined=len({fault.line for fault in sorted_out.faults}),
        duplicates=sorted_out.duplicates,
        filtered=candidates.filtered,
        forgotten=judged.left.rows,
        warnings=candidates.warnings + sorted_out.warnings + ends_early,
    )
    if report.read != report.accepted + report.quarantined + report.duplicates + report.filtered:
        raise AssertionError(f"{where}: {_counts(report)} does not add up; this is a defect of the pipeline")
    with workspace.engine.begin() as db:
        lock(db, "delivery", delivery.delivery_id)
        landed = _is_landed(db, delivery.delivery_id)
        current = suppressed.is_current(db)
        if landed and current:
            # Within the transaction: else what another run has marked meanwhile, or somebody has had forgotten, would
            # be written over with these rows.
            workspace.landing.put_accepted(delivery.delivery_id, sorted_out.table, sorted_out.kept)
            if with_page:
                keep(workspace, feed, delivery.delivery_id, sorted_out.validation)
            _mark_validated(db, report, complete_until, candidates)
            _store_findings(db, delivery.delivery_id, sorted_out)
            suppressed.add_cases(db, judged.left.cases)
    if landed and not current:
        # Somebody was to be forgotten while these rows were read: they are read again, without theirs.
        return _validate_one(workspace, feed, delivery, secret, with_page=with_page)
    return report


def _is_landed(db: Database, delivery_id: int) -> bool:
    """Say whether a delivery is still to be validated."""
    query = text("select status = 'landed' from ledger.delivery where delivery_id = :delivery_id")
    return bool(db.scalar(query, {"delivery_id": delivery_id}))


def _mark_validated(db: Database, report: DeliveryReport, complete_until: dt.datetime, candidates: Candidates) -> None:
    facts = {
        **report.as_json(),
        "warnings": json.dumps(report.warnings),
        "complete_until": complete_until,
        "detected": json.dumps(candidates.found),
        "documents": candidates.documents,
    }
    db.execute(statement("ledger/mark_validated"), facts)


@dataclass(frozen=True)
class _SortedOut:
    """table: all rows, of which some are kept: to leave the others out is to hold the most of them twice."""

    table: pa.Table
    kept: Mask
    faults: list[Fault]
    duplicates: int
    warnings: list[str]
    validation: Validation

    @property
    def accepted(self) -> pa.Table:
        return self.table.filter(pa.array(self.kept))


def _sort_out(
    workspace: Workspace, feed: FeedHandle, delivery: Row[Any], candidates: Candidates, where: str
) -> _SortedOut:
    """Split candidates into accepted, quarantined and duplicates."""
    faults = list(candidates.faults)
    table = candidates.table
    kept = _but(table, np.ones(table.num_rows, dtype=bool), {fault.line for fault in faults})
    low, high = _volume_band(workspace, feed, delivery)
    validation = check(
        table,
        kept,
        feed.contract.transaction,
        {
            "earliest": _EARLIEST,
            # An export made during its own day may hold that day's reports.
            "latest": _end_of_day(delivery.as_of),
            # An API answers for a range of report times with what it knows today, closings since among it.
            "latest_closing": _end_of_day(
                delivery.as_of if isinstance(feed.feed.source, FileFacts) else delivery.received_at
            ),
            "volume_low": low,
            "volume_high": high,
        },
    )
    warnings = []
    for result in validation.results:
        if result.success:
            continue
        entry = result.expected
        if entry.fails is None and entry.column and entry.column not in feed.feed.columns:
            # What the council does not send is a fact of its file, and no news every night.
            continue
        if feed.feed.delivery == "event_log" and entry.column == "channel":
            # The channel is the case's; not every event tells it again.
            continue
        source = _source_name(feed, entry.column)
        if entry.fails == "delivery":
            raise DataError(
                where,
                expected=f"{source or 'the file'}: {entry.expected}",
                found=f"{result.failed} of {result.checked} rows otherwise",
                action="Ask the council to mend the export; nothing was loaded from this one.",
            )
        if entry.fails == "row":
            faults += [Fault(line, entry.expect, source, entry.expected) for line in result.failing]
        elif entry.severity == "warning" and entry.arguments.get("value_set") != [UNMAPPED]:
            # Unmapped words have been told one by one.
            warnings.append(f"{source or 'rows'}: expected {entry.expected}; {result.failed} otherwise")
    kept = _but(table, kept, {fault.line for fault in faults})
    kept, duplicates, repeated = _deduplicated(table, kept, events=feed.feed.delivery == "event_log")
    ref = _source_name(feed, "record_ref")
    faults += [Fault(line, "superseded_in_file", ref, "each case once; a later row was taken") for line in repeated]
    return _SortedOut(table, kept, faults, duplicates, warnings, validation)


def _end_of_day(moment: dt.datetime) -> dt.datetime:
    return midnight(local_day(moment) + dt.timedelta(days=1)).astimezone(dt.UTC)


def _deduplicated(table: pa.Table, kept: Mask, *, events: bool) -> tuple[Mask, int, list[int]]:
    """Drop exact duplicates (equal in every field) and, of different rows with one reference, all but the last.

    kept: the rows to look at. events: the rows of a case are its history, and all stay. Returns the rows that are left,
    the number of exact duplicates and the lines of the rows that a later one replaces.
    """
    refs = table.column("record_ref")
    suspects = np.sort(np.concatenate([_repeated(refs, part) for part in by_reference(table, kept)]))
    if not len(suspects):
        return kept, 0, []
    few = table.take(pa.array(suspects)).to_pandas()
    # The last of equal rows stays, so that "the last row of a case wins" holds for a row that comes back.
    exact = few.drop(columns="line").duplicated(keep="last").to_numpy()
    replaced = few.loc[~exact, "record_ref"].duplicated(keep="last") & (not events)
    lines = few.loc[replaced.index[replaced], "line"]
    gone = np.concatenate([suspects[exact], suspects[replaced.index[replaced].to_numpy()]])
    left = kept.copy()
    left[gone] = False
    return left, int(exact.sum()), [int(line) for line in lines]


def _repeated(refs: pa.ChunkedArray, part: Mask) -> NDArray[np.int64]:
    """Return the positions of the rows of a part whose reference another row has too."""
    ref = refs.filter(pa.array(part)).combine_chunks().dictionary_encode()
    if len(ref.dictionary) + ref.null_count == len(ref) and ref.null_count <= 1:
        return np.empty(0, np.int64)
    codes = pd.Series(pc.fill_null(ref.indices, -1).to_numpy(zero_copy_only=False))
    return np.flatnonzero(part)[codes.duplicated(keep=False).to_numpy()]


def _but(table: pa.Table, kept: Mask, lines: set[int]) -> Mask:
    """Return the rows that are kept without these lines."""
    if not lines:
        return kept
    gone = pc.is_in(table.column("line"), pa.array(sorted(lines), pa.int64()))
    left: Mask = kept & ~np.asarray(gone.to_numpy(), dtype=bool)
    return left


def _source_name(feed: FeedHandle, field_name: str | None) -> str:
    column = feed.feed.columns.get(field_name) if field_name else None
    return (column.source or "") if column else ""


def _volume_band(workspace: Workspace, feed: FeedHandle, delivery: Row[Any]) -> tuple[int | None, int | None]:
    """Half to twice the median of the same weekday's deliveries; None until there are enough of them."""
    with workspace.engine.connect() as db:
        history = db.scalars(
            statement("ledger/same_weekday_volumes"),
            {"feed_id": feed.feed_id, "as_of": delivery.as_of, "weeks": _VOLUME_WEEKS, "series": delivery.series},
        ).all()
    if len(history) < _VOLUME_HISTORY:
        return None, None
    middle = float(pd.Series(history).median())
    return int(middle * _VOLUME_BAND[0]), int(middle * _VOLUME_BAND[1]) + 1


def _refuse_shrunken_snapshot(
    workspace: Workspace, feed: FeedHandle, delivery: Row[Any], rows_read: int, where: str
) -> None:
    if feed.feed.delivery != "snapshot":
        return
    with workspace.engine.connect() as db:
        before = db.scalar(
            statement("ledger/previous_snapshot"),
            {"feed_id": feed.feed_id, "as_of": delivery.as_of, "series": delivery.series},
        )
    if before and rows_read < before * (1 - feed.feed.max_fall):
        raise DataError(
            where,
            expected=f"a snapshot of at least {1 - feed.feed.max_fall:.0%} of the previous one's {before} rows",
            found=f"{rows_read} rows",
            action="Ask the council whether the export was cut off; if it is right, raise `max_fall` for once.",
        )


def _complete_until(feed: FeedHandle, as_of: dt.datetime, found: _SortedOut) -> tuple[dt.datetime, list[str]]:
    """Return the moment up to which a delivery's figures are whole, and a warning when that is earlier than it looks.

    A count covers the periods that it states. Other rows cover everything up to `as_of`, unless they end long before:
    an export of past years says nothing of the weeks since, and those must not become zeros.
    """
    facts = feed.feed
    newest = pc.max(found.table.column("reported_at").filter(pa.array(found.kept))).as_py()
    warnings = []
    complete = as_of
    if newest is not None and facts.aggregate:
        complete = midnight(period_end(facts.aggregate.period, local_day(newest)))
    elif newest is not None and as_of - newest > dt.timedelta(days=facts.quiet_days):
        complete = midnight(local_day(newest) + dt.timedelta(days=1))
        warnings.append(
            f"the newest report is of {local_day(newest)}: figures of later days are not provided, rather than zero "
            "(`covers_until` and `quiet_days` in the council's file say otherwise)"
        )
    if facts.covers_until:
        warnings = []
        complete = min(as_of, midnight(facts.covers_until + dt.timedelta(days=1)))
    return min(as_of, complete), warnings


def _store_findings(db: Database, delivery_id: int, found: _SortedOut) -> None:
    results = [
        {
            "delivery_id": delivery_id,
            "position": position,
            "expectation": result.expected.expect,
            "column_name": result.expected.column,
            "dimension": result.expected.dimension,
            "severity": result.expected.severity,
            "success": result.success,
            "checked": result.checked,
            "failed": result.failed,
            "lines": result.lines_to_keep,
        }
        for position, result in enumerate(found.validation.results)
    ]
    db.execute(statement("ledger/add_expectation_result"), results)
    if found.faults:
        columns = zip(*sorted(set(found.faults)), strict=True)
        db.execute(
            statement("ledger/add_quarantine"),
            {
                "delivery_id": delivery_id,
                **dict(zip(("lines", "rules", "columns", "expecteds"), map(list, columns), strict=True)),
            },
        )
