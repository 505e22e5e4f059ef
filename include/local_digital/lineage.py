"""What each step of the chain reads and writes, as plain facts: names of data sets and counts, never a value of a row.

Names follow OpenLineage: the warehouse's tables `postgres://host:port` and `database.schema.table`, files by their
store and path, what is published by the platform's address and `data-group/data-type`. A feed is named by its council
and transaction, as servers move; no name holds more of a URL than scheme, host, port and path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local_digital.config.sources import Folder
from local_digital.publishing.data_sets import published as published_data_sets
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Row

    from local_digital.config.models import Council
    from local_digital.load import LoadReport
    from local_digital.publishing.publish import PublishReport
    from local_digital.publishing.reconcile import ReconcileReport
    from local_digital.workspace import FeedHandle, Workspace

_MARTS = ("marts.volume", "marts.period", "marts.kpi")
_OPEN_DATA = ("open_data.volume", "open_data.period", "open_data.kpi")
_POSTGRES_PORT = 5432


@dataclass(frozen=True)
class Check:
    """Something that was expected of a data set. column: of the contract; None where it is about the whole.

    severity: `critical`, `warning` or `info`. failed: how many rows are otherwise.
    """

    name: str
    success: bool
    column: str | None = None
    severity: str = "critical"
    failed: int = 0


@dataclass(frozen=True)
class Involved:
    """A data set that a step read or wrote. rows, size (bytes), files: how much of it, None where nobody counts that.

    version: the SHA-256 of a feed's newest delivery. via: the id of the connection, or the kind of source.
    """

    namespace: str
    name: str
    rows: int | None = None
    size: int | None = None
    files: int | None = None
    version: str | None = None
    via: str | None = None
    checks: tuple[Check, ...] = ()

    @property
    def is_counted(self) -> bool:
        return (self.rows, self.size, self.files) != (None, None, None)


@dataclass(frozen=True)
class Lineage:
    """read, written: the data sets of one step."""

    read: tuple[Involved, ...]
    written: tuple[Involved, ...]


@acting_as(LOADER)
def extracted(workspace: Workspace, feed: FeedHandle, delivery_ids: Sequence[int]) -> Lineage:
    """Return what `extract` read and wrote; delivery_ids: those that it made."""
    source = feed.feed.source
    via = source.kind if isinstance(source, Folder) else source.connection
    sums = _sums(workspace, delivery_ids)
    return Lineage(
        (Involved(f"council/{feed.council.council}", feed.contract.transaction, via=via),),
        (_landed(workspace, feed, "raw", size=sums.size_bytes, files=sums.files, version=sums.newest_sha256),),
    )


@acting_as(LOADER)
def validated(workspace: Workspace, feed: FeedHandle, delivery_ids: Sequence[int]) -> Lineage:
    """Return what `validate` read and wrote, with each expectation that it checked."""
    sums = _sums(workspace, delivery_ids)
    with workspace.engine.connect() as db:
        found = db.execute(statement("lineage/expectations"), {"delivery_ids": list(delivery_ids)}).all()
    checks = tuple(Check(row.expectation, row.success, row.column_name, row.severity, row.failed) for row in found)
    raw = _landed(
        workspace, feed, "raw", rows=sums.rows_read, size=sums.size_bytes, files=sums.files,
        version=sums.newest_sha256, checks=checks,
    )  # fmt: skip
    accepted = _landed(workspace, feed, "accepted", rows=sums.accepted)
    return Lineage((raw,), (accepted, _table(workspace, "ledger.quarantine", rows=sums.quarantined)))


@acting_as(LOADER)
def loaded(workspace: Workspace, feed: FeedHandle, report: LoadReport) -> Lineage:
    """Return what `load` read and wrote; rows: what changed in the warehouse."""
    sums = _sums(workspace, report.delivery_ids)
    tables = [_table(workspace, "core.record", rows=report.inserted + report.updated + report.withdrawn)]
    if feed.feed.delivery == "event_log":
        tables.append(_table(workspace, "core.event"))
    return Lineage((_landed(workspace, feed, "accepted", rows=sums.accepted),), tuple(tables))


@acting_as(LOADER)
def aggregated(workspace: Workspace) -> Lineage:
    """Return what `aggregate` read and wrote."""
    return Lineage((_table(workspace, "core.record"),), _tables(workspace, _MARTS))


def published(workspace: Workspace, council: str, report: PublishReport) -> Lineage:
    """Return what `publish` read and wrote; rows: the records that it sent or withdrew."""
    facts = workspace.council(council)
    sent = [
        _data_set(
            workspace, facts, plan.transaction, plan.data_set, trial=plan.sink == "trial",
            rows=len(plan.new) + len(plan.changed) + len(plan.withdrawn),
        )
        for plan in report.plans
    ]  # fmt: skip
    opened = _tables(workspace, _OPEN_DATA) if report.opened else ()
    return Lineage(_tables(workspace, _MARTS), (*sent, *opened))


def reconciled(workspace: Workspace, council: str, report: ReconcileReport | None) -> Lineage:
    """Return what `reconcile` reads; report: what it found, None while or where it came to no end."""
    facts = workspace.council(council)
    trials = {name for name, feed in facts.feeds.items() if feed.stage == "trial"}
    if report is None:
        shown = [
            _data_set(workspace, facts, feed.contract.transaction, name, trial=feed.contract.transaction in trials)
            for feed in workspace.feeds(council) if feed.feed.stage in {"live", "trial"}
            for name in published_data_sets(feed, hourly=False)
        ]  # fmt: skip
    else:
        agrees = (Check("holds_what_the_marts_hold", True),)
        shown = [
            _data_set(
                workspace, facts, one.transaction, one.data_set, trial=one.transaction in trials,
                rows=one.equal, checks=agrees,
            )
            for one in report.comparisons
        ]  # fmt: skip
    return Lineage((*_tables(workspace, _MARTS), *shown), ())


def _sums(workspace: Workspace, delivery_ids: Sequence[int]) -> Row[Any]:
    with workspace.engine.connect() as db:
        return db.execute(statement("lineage/deliveries"), {"delivery_ids": list(delivery_ids)}).one()


def _landed(workspace: Workspace, feed: FeedHandle, kind: str, **counts: Any) -> Involved:
    # By feed: a data set for every night's file would be a thousand a year that nothing connects.
    where = workspace.landing.where(f"{kind}/{feed.council.council}/{feed.contract.transaction}")
    namespace = _origin(where)
    return Involved(namespace or "file", urlsplit(where).path.lstrip("/") if namespace else where, **counts)


def _tables(workspace: Workspace, names: Iterable[str]) -> tuple[Involved, ...]:
    return tuple(_table(workspace, name) for name in names)


def _table(workspace: Workspace, name: str, rows: int | None = None) -> Involved:
    url = workspace.engine.url
    return Involved(
        f"postgres://{url.host or 'localhost'}:{url.port or _POSTGRES_PORT}", f"{url.database}.{name}", rows=rows
    )


def _data_set(
    workspace: Workspace, council: Council, transaction: str, name: str, *, trial: bool, **counts: Any
) -> Involved:
    connection_id = council.platform.trial if trial and council.platform.trial else council.platform.connection
    host = workspace.settings.connection(connection_id).host
    return Involved(_origin(host) or connection_id, f"{council.data_group(transaction)}/{name}",
                    via=connection_id, **counts)  # fmt: skip


def _origin(url: str) -> str | None:
    """Return scheme, host and port of a URL, without whoever logs in; None where it is a path."""
    parts = urlsplit(url)
    if not parts.scheme or "://" not in url:
        return None
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}"
