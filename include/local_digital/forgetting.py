"""forget: take every trace of a case, or of all cases of some premises, out of a feed, and keep it out.

Rows go from the warehouse, from the accepted records and from what the ledger says of lines; a raw file that holds one
goes as a whole, as it does after its retention. What stays is that it was done, and keyed hashes by which later
deliveries are kept clean (local_digital/suppression.py).
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital import data_docs, error_report
from local_digital.config.formats import XlsxFormat
from local_digital.errors import ConfigurationError, DataError
from local_digital.parsing import values
from local_digital.parsing.candidates import documents_of, identify
from local_digital.parsing.mapping import Delivered
from local_digital.private_folders import remove_left_behind
from local_digital.retention import DEAD_AFTER
from local_digital.roles import LOADER, acting_as
from local_digital.sources.spool import Spool
from local_digital.sql import statement
from local_digital.suppression import case_hash, premises_hash, privacy_secret, rows_of, secret_mark, suppress
from local_digital.validate import UNREADABLE
from local_digital.workspace import lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection as Database
    from sqlalchemy import Row

    from local_digital.parsing.documents import Document
    from local_digital.parsing.instants import Mask
    from local_digital.suppression import Kind
    from local_digital.workspace import FeedHandle, Workspace

_IDENTITY = ["line", "record_ref", "premises_key"]


@dataclass(frozen=True)
class ForgetReport:
    """What went, or would go: cases, records, events and quarantined rows; deliveries that told of them; raw files.

    left: deliveries whose raw bytes could not go yet, since they still have to be validated; what is asked for is not
    done before they are, and `forget` has run again.
    """

    kind: Kind
    dry_run: bool
    cases: int
    records: int
    events: int
    quarantined: int
    deliveries: int
    raw_files: int
    spooled: int = 0
    left: list[int] = field(default_factory=list)
    forgotten_id: int | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class _Wanted:
    """What is to be forgotten. spellings: how it may stand in a file. premises_key: None where a case is meant."""

    kind: Kind
    secret: str = field(repr=False)
    spellings: frozenset[str] = field(repr=False)
    premises_key: bytes | None = field(repr=False)
    refs: frozenset[str] = field(repr=False)

    @property
    def key_hash(self) -> bytes:
        if self.premises_key is not None:
            return premises_hash(self.secret, self.premises_key)
        (ref,) = self.refs
        return case_hash(self.secret, ref)


@dataclass
class _Traces:
    """refs: all cases concerned. lines: of which rows of which delivery. raw: hashes of the files that have to go.

    seen: the deliveries that were looked through.
    """

    refs: set[str] = field(repr=False)
    lines: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    raw: set[str] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)


@acting_as(LOADER)
def forget(
    workspace: Workspace,
    feed: FeedHandle,
    *,
    record_ref: str | None = None,
    premises: str | None = None,
    by: str,
    reason: str = "",
    dry_run: bool = False,
) -> ForgetReport:
    """Forget one case, or all cases of some premises, given by the council's own identifier.

    The days concerned become stale: `aggregate` and the next publish follow. Killed at any moment and run again it
    comes to the same. A dry run only counts. Raises ConfigurationError when the secret is missing, or nothing can be
    told apart by what is given.
    """
    wanted = _wanted(workspace, feed, record_ref, premises)
    if any(spelt in reason for spelt in wanted.spellings):
        raise ConfigurationError(
            f"{feed.name}: reason", expected="words without the identifier itself", found="the identifier",
            action="The reason is kept; say it otherwise, such as by the number of the demand.",
        )  # fmt: skip
    if dry_run:
        traces = _find(workspace, feed, wanted)
        with workspace.engine.connect() as db:
            known = db.execute(statement("forget/known"), {"feed_id": feed.feed_id, "refs": sorted(traces.refs)}).one()
            quarantined = sum(_quarantined(db, number, lines) for number, lines in traces.lines.items())
        return ForgetReport(
            wanted.kind, True, len(traces.refs) if known.records or traces.lines else 0, known.records, known.events,
            quarantined, len(traces.lines), len(traces.raw), left=_waiting(workspace, feed),
        )  # fmt: skip
    # First of all nothing more comes in: what is validated from here on is without these rows.
    with workspace.engine.begin() as db:
        asked = {"feed_id": feed.feed_id, "kind": wanted.kind, "key_hash": wanted.key_hash, "by": by, "reason": reason}
        forgotten_id: int = db.execute(
            statement("forget/ask"), {**asked, "secret_mark": secret_mark(wanted.secret)}
        ).scalar_one()
        suppress(db, feed.feed_id, wanted.kind, [wanted.key_hash], forgotten_id)
    traces = _find(workspace, feed, wanted)
    with workspace.engine.begin() as db:
        hashes = [case_hash(wanted.secret, ref) for ref in traces.refs]
        suppress(db, feed.feed_id, "case", hashes, forgotten_id)
    records, events, quarantined = _clean_ledger(workspace, feed, wanted, traces, forgotten_id)
    for delivery_id in sorted(traces.lines):
        _clean_pages(workspace, feed, delivery_id)
    _clean_accepted(workspace, feed, traces)
    raw_files, left = _remove_raw(workspace, traces, forgotten_id)
    with Spool(workspace.settings.spool) as spool:
        spooled = spool.empty()
    workspace.landing.remove_unfinished(dt.datetime.now(dt.UTC) - DEAD_AFTER)
    remove_left_behind()
    left = sorted({*left, *_waiting(workspace, feed)})
    if not left:
        with workspace.engine.begin() as db:
            db.execute(statement("forget/finish"), {"forgotten_id": forgotten_id})
    return ForgetReport(
        wanted.kind, False, len(traces.refs) if records or traces.lines else 0, records, events, quarantined,
        len(traces.lines), raw_files, spooled, left, forgotten_id,
    )  # fmt: skip


def _wanted(workspace: Workspace, feed: FeedHandle, record_ref: str | None, premises: str | None) -> _Wanted:
    if feed.feed.delivery == "aggregate":
        raise ConfigurationError(
            f"{feed.name}: forget", expected="a feed of cases", found="one of counts, which tell of nobody",
            action="There is nothing to forget here.",
        )  # fmt: skip
    given = ((record_ref if premises is None else premises) or "").strip()
    if (record_ref is None) == (premises is None) or not given:
        raise ConfigurationError(
            f"{feed.name}: forget", expected="either a case's reference or an identifier of premises",
            found="neither or both", action="Give --record-ref or --premises.",
        )  # fmt: skip
    secret = privacy_secret(workspace, feed)
    if premises is None:
        return _Wanted("case", secret, frozenset({given}), None, frozenset({given}))
    if "premises_key" not in feed.feed.columns:
        raise ConfigurationError(
            f"{feed.name}: forget", expected="a feed that tells the premises of its cases", found="none of them",
            action="Ask the council for the cases' references, and forget those.",
        )  # fmt: skip
    keys, spoilt = values.PremisesKeys(secret).of(pa.chunked_array([[given]], pa.string()))
    if spoilt:
        raise ConfigurationError(
            f"{feed.name}: forget", expected="an identifier of premises",
            found="a number that a spreadsheet has shortened", action="Copy it as text.",
        )  # fmt: skip
    return _Wanted("premises", secret, frozenset({given, values.identifier(given)}), keys[0].as_py(), frozenset())


def _find(workspace: Workspace, feed: FeedHandle, wanted: _Wanted) -> _Traces:
    """Look through the warehouse, the accepted records and the raw files of everything that was validated."""
    traces = _Traces(set(wanted.refs))
    if wanted.premises_key is not None:
        facts = {"feed_id": feed.feed_id, "premises_key": wanted.premises_key}
        with workspace.engine.connect() as db:
            traces.refs |= set(db.scalars(statement("forget/cases"), facts))
    while True:
        known = len(traces.refs)
        for delivery in _deliveries(workspace, feed):
            if delivery.status != "landed":
                _look_through(workspace, feed, wanted, traces, delivery)
        # A row without premises may belong to a case that only a later file told the premises of.
        if len(traces.refs) == known:
            return traces


def _look_through(workspace: Workspace, feed: FeedHandle, wanted: _Wanted, traces: _Traces, delivery: Row[Any]) -> None:
    lines: set[int] = set()
    if delivery.has_accepted and workspace.landing.has_accepted(delivery.delivery_id):
        lines |= _concerned(workspace.landing.accepted(delivery.delivery_id, _IDENTITY), wanted, traces)
    if delivery.has_raw and workspace.landing.has_raw(delivery.sha256):
        found = _in_raw(workspace, feed, wanted, traces, delivery)
        lines |= found or set()
        if found is None or found:
            traces.raw.add(delivery.sha256)
    elif delivery.has_raw:
        # An earlier run was killed between the removal and its mark.
        traces.raw.add(delivery.sha256)
    if lines:
        traces.lines[delivery.delivery_id] |= lines
    traces.seen.add(delivery.delivery_id)


def _in_raw(
    workspace: Workspace, feed: FeedHandle, wanted: _Wanted, traces: _Traces, delivery: Row[Any]
) -> set[int] | None:
    """Return the lines concerned; none of them where the file is clean; None where it must go although none is known.

    That is so of a file that nobody can read, and of one in which the identifier stands somewhere else, in a note or in
    a row that could not be made out.
    """
    where = f"{feed.name}: delivery {delivery.delivery_id}"
    lines: set[int] = set()
    try:
        documents = documents_of(
            workspace.landing.read_raw(delivery.sha256), feed, workspace.settings.connection, where
        )
    except (DataError, *UNREADABLE):
        return None
    try:
        delivered = Delivered(delivery.name, delivery.as_of, delivery.series)
        lines = _concerned(identify(documents, feed, delivered, secret=wanted.secret, where=where), wanted, traces)
    except (DataError, *UNREADABLE):
        if isinstance(feed.feed.reads_as, XlsxFormat):
            return None
    if not lines and _stands_in(documents, wanted.spellings | traces.refs):
        return None
    return lines


def _concerned(rows: pa.Table, wanted: _Wanted, traces: _Traces) -> set[int]:
    """Return the lines of the rows of what is to be forgotten, and note the cases that come to light by them."""
    gone = _mask(rows, wanted, traces.refs)
    if wanted.premises_key is not None:
        traces.refs |= {ref for ref in rows.column("record_ref").filter(pa.array(gone)).to_pylist() if ref is not None}
        gone = _mask(rows, wanted, traces.refs)
    return set(rows.column("line").filter(pa.array(gone)).to_pylist())


def _mask(rows: pa.Table, wanted: _Wanted, refs: Iterable[str]) -> Mask:
    gone = rows_of(rows.column("record_ref"), refs)
    if wanted.premises_key is not None:
        keys = pc.equal(values.decoded(rows.column("premises_key")), pa.scalar(wanted.premises_key, pa.binary()))
        gone |= np.asarray(pc.fill_null(keys, False).to_numpy(), dtype=bool)
    return gone


def _stands_in(documents: Sequence[Document], identifiers: Iterable[str]) -> bool:
    """Say whether an identifier stands anywhere in the text of a file, by itself and not within a longer one."""
    spelt = {
        form.encode(encoding, errors="ignore")
        for one in identifiers
        for form in (one, html.escape(one), one.replace("/", "\\/"))
        for encoding in ("utf-8", "cp1252")
    }
    pattern = re.compile(
        rb"(?<![0-9A-Za-z])(?:" + b"|".join(map(re.escape, sorted(spelt - {b""}))) + rb")(?![0-9A-Za-z])"
    )
    return any(pattern.search(_narrow(document.content)) for document in documents)


def _narrow(content: bytes) -> bytes:
    """Return text of two bytes a character as UTF-8, other text as it is."""
    start = content[:200]
    if b"\x00" not in start:
        return content
    big = content[:2] == b"\xfe\xff" or (content[:2] != b"\xff\xfe" and start[:1] == b"\x00")
    return content.decode("utf-16-be" if big else "utf-16-le", errors="ignore").encode(errors="ignore")


def _clean_ledger(
    workspace: Workspace, feed: FeedHandle, wanted: _Wanted, traces: _Traces, forgotten_id: int
) -> tuple[int, int, int]:
    """Remove records, events and lines in one transaction; return how many records, events and quarantined rows."""
    quarantined = 0
    with workspace.engine.begin() as db:
        lock(db, "feed", feed.feed_id)
        # What was validated before the hashes were there, and only came to an end since.
        for delivery in _deliveries(workspace, feed):
            if delivery.status != "landed" and delivery.delivery_id not in traces.seen:
                _look_through(workspace, feed, wanted, traces, delivery)
        records, events = _clean_warehouse(db, feed, traces)
        for delivery_id, lines in traces.lines.items():
            facts = {"delivery_id": delivery_id, "lines": sorted(lines)}
            quarantined += _quarantined(db, delivery_id, lines)
            db.execute(statement("forget/remove_quarantine"), facts)
            db.execute(statement("forget/remove_lines"), facts)
            if workspace.landing.has_accepted(delivery_id):
                accepted = _without(workspace.landing.accepted(delivery_id, ["line"]), lines).num_rows
                db.execute(statement("forget/count_anew"), {"delivery_id": delivery_id, "accepted": accepted})
        counts = {"records": records, "events": events, "quarantined": quarantined, "deliveries": len(traces.lines)}
        db.execute(statement("forget/note_counts"), {**counts, "forgotten_id": forgotten_id})
    return records, events, quarantined


def _clean_warehouse(db: Database, feed: FeedHandle, traces: _Traces) -> tuple[int, int]:
    facts = {"feed_id": feed.feed_id, "refs": sorted(traces.refs)}
    events = db.execute(statement("forget/remove_events"), facts).rowcount
    records = db.execute(statement("load/withdraw_records"), facts).scalar_one()
    return int(records), int(events)


def _clean_pages(workspace: Workspace, feed: FeedHandle, delivery_id: int) -> None:
    """Remove the Data Docs of a delivery, and write its error report anew without the lines that went."""
    data_docs.remove(workspace, feed, delivery_id)
    # The page is looked for when a later run writes what is missing, so it goes first.
    there = [workspace.landing.remove(error_report.path(feed, delivery_id, ending)) for ending in ("html", "csv")]
    if any(there):
        error_report.write(workspace, feed, delivery_id)


def _clean_accepted(workspace: Workspace, feed: FeedHandle, traces: _Traces) -> None:
    """Rewrite the accepted records without the rows; after the ledger, which needs them to know what to count."""
    with workspace.engine.begin() as db:
        lock(db, "feed", feed.feed_id)
        for delivery in _deliveries(workspace, feed):
            lines = traces.lines.get(delivery.delivery_id)
            if delivery.status == "rejected":
                # Left by a run that was killed before the delivery was turned down; nothing reads it.
                workspace.landing.remove_accepted(delivery.delivery_id)
            elif lines and delivery.has_accepted and workspace.landing.has_accepted(delivery.delivery_id):
                records = _without(workspace.landing.accepted(delivery.delivery_id), lines)
                workspace.landing.put_accepted(delivery.delivery_id, records)
        # A load may have come between the two transactions, with records as they were.
        _clean_warehouse(db, feed, traces)


def _remove_raw(workspace: Workspace, traces: _Traces, forgotten_id: int) -> tuple[int, list[int]]:
    """Remove the raw files, but for those that some feed has still to read; return how many went, and who waits."""
    gone, left = 0, []
    for sha256 in sorted(traces.raw):
        with workspace.engine.begin() as db:
            lock(db, "raw", sha256)
            waiting = [row.delivery_id for row in db.execute(statement("forget/raw_in_use"), {"sha256": sha256})]
            if waiting:
                left += waiting
                continue
            workspace.landing.remove_raw(sha256)
            db.execute(statement("forget/mark_raw_removed"), {"sha256": sha256, "forgotten_id": forgotten_id})
        gone += 1
    return gone, left


def _waiting(workspace: Workspace, feed: FeedHandle) -> list[int]:
    """Return the deliveries that nobody has read yet: they may hold the rows, and are read without them."""
    return [delivery.delivery_id for delivery in _deliveries(workspace, feed) if delivery.status == "landed"]


def _deliveries(workspace: Workspace, feed: FeedHandle) -> Sequence[Row[Any]]:
    with workspace.engine.connect() as db:
        return db.execute(statement("forget/deliveries"), {"feed_id": feed.feed_id}).all()


def _quarantined(db: Database, delivery_id: int, lines: set[int]) -> int:
    facts = {"delivery_id": delivery_id, "lines": sorted(lines)}
    return int(db.execute(statement("forget/quarantined"), facts).scalar_one())


def _without(records: pa.Table, lines: set[int]) -> pa.Table:
    return records.filter(pc.invert(pc.is_in(records.column("line"), pa.array(sorted(lines), pa.int64()))))
