"""replay: read landed deliveries anew after the council's file was mended, without asking the council for anything.

What was loaded is not read over: the same bytes become a delivery again, which takes the place of the first as a
corrected file would. Until it is loaded, and if it is turned down, the first one counts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.calendar import midnight
from local_digital.errors import ConfigurationError
from local_digital.load import load
from local_digital.parsing.values import decoded
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement
from local_digital.suppression import Suppressed
from local_digital.validate import judge, secret_for, validate
from local_digital.workspace import lock

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy import Connection as Database
    from sqlalchemy import Row

    from local_digital.workspace import FeedHandle, Workspace

_COUNTS = ("read", "accepted", "quarantined", "duplicates", "filtered")


@dataclass(frozen=True)
class Replayed:
    """What a delivery is when it is read anew. before, after: its counts, None where it is turned down.

    appeared, changed, gone: rows that are accepted now and were not, that say something else, that are not any more.
    """

    delivery_id: int
    name: str
    before: dict[str, int] | None
    after: dict[str, int] | None
    appeared: int = 0
    changed: int = 0
    gone: int = 0
    rejected_because: str | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@acting_as(LOADER)
def replay(
    workspace: Workspace,
    feed: FeedHandle,
    *,
    run_id: str,
    delivery_id: int | None = None,
    since: dt.date | None = None,
    dry_run: bool = False,
) -> list[Replayed]:
    """Read one delivery anew, or all that are complete up to a local day `since` or later, or all there are.

    Only those whose raw bytes are there, and which no later version of the file has replaced. A dry run changes
    nothing. Killed at any moment, the next run of the feed finishes it. Raises ConfigurationError when there is nothing
    to read.
    """
    moment = midnight(since) if since else None
    facts: dict[str, object] = {"feed_id": feed.feed_id, "delivery_id": delivery_id, "since": moment}
    if dry_run:
        with workspace.engine.connect() as db:
            chosen = _chosen(db, feed, facts)
        secret, suppressed = secret_for(workspace, feed), Suppressed.of(workspace, feed)
        return [_foreseen(workspace, feed, delivery, secret, suppressed) for delivery in chosen]
    with workspace.engine.begin() as db:
        lock(db, "feed", feed.feed_id)
        chosen = _chosen(db, feed, facts)
        anew = {}
        for delivery in chosen:
            step = "take_up" if delivery.status == "rejected" else "land_again"
            again = {"delivery_id": delivery.delivery_id, "run_id": run_id}
            anew[db.execute(statement(f"replay/{step}"), again).scalar_one()] = delivery
    reports = {report.delivery_id: report for report in validate(workspace, feed)}
    found = []
    for number, delivery in anew.items():
        report = reports.get(number)
        if report is None:
            # Another run was quicker; what became of it stands in the ledger.
            continue
        if report.rejected_because is not None:
            found.append(_turned_down(delivery, report.rejected_because))
        else:
            after = {name: getattr(report, name) for name in _COUNTS}
            found.append(_compared(workspace, delivery, after, workspace.landing.accepted(number)))
    load(workspace, feed)
    return found


def _chosen(db: Database, feed: FeedHandle, facts: dict[str, object]) -> Sequence[Row[Any]]:
    chosen = db.execute(statement("replay/chosen"), facts).all()
    if not chosen:
        raise ConfigurationError(
            f"{feed.name}: replay",
            expected="deliveries that count, or were turned down, and whose raw bytes are there",
            found="none",
            action="`select delivery_id, name, status, superseded_by, raw_removed_at from ledger.delivery` lists them. "
            "What waits to be read anew is finished by `local-digital ingest`; what is past its retention must come "
            "from the council again.",
        )
    return chosen


def _foreseen(
    workspace: Workspace, feed: FeedHandle, delivery: Row[Any], secret: str, suppressed: Suppressed
) -> Replayed:
    judged = judge(workspace, feed, delivery, secret, suppressed)
    if isinstance(judged, str):
        return _turned_down(delivery, judged)
    rows, found = judged.left.candidates, judged.found
    after = {
        "read": rows.rows_read,
        "accepted": found.accepted.num_rows,
        "quarantined": len({fault.line for fault in found.faults}),
        "duplicates": found.duplicates,
        "filtered": rows.filtered,
    }
    return _compared(workspace, delivery, after, found.accepted)


def _turned_down(delivery: Row[Any], reason: str) -> Replayed:
    return Replayed(delivery.delivery_id, delivery.name, _before(delivery), None, rejected_because=reason)


def _before(delivery: Row[Any]) -> dict[str, int] | None:
    return None if delivery.status == "rejected" else {name: getattr(delivery, name) for name in _COUNTS}


def _compared(workspace: Workspace, delivery: Row[Any], after: dict[str, int], accepted: pa.Table) -> Replayed:
    before = _before(delivery)
    if before is None:
        return Replayed(delivery.delivery_id, delivery.name, None, after, appeared=accepted.num_rows)
    was = workspace.landing.accepted(delivery.delivery_id)
    return Replayed(delivery.delivery_id, delivery.name, before, after, *_differences(was, accepted))


def _differences(was: pa.Table, now: pa.Table) -> tuple[int, int, int]:
    """Return how many lines appeared, say something else, and are gone; the bytes, and so the lines, are the same."""
    both, places_was, places_now = np.intersect1d(
        was.column("line").to_numpy(), now.column("line").to_numpy(), return_indices=True
    )
    differs = np.zeros(len(both), dtype=bool)
    for name in now.column_names:
        old, new = was.column(name).take(pa.array(places_was)), now.column(name).take(pa.array(places_now))
        old, new = decoded(old), decoded(new)
        same = pc.or_(pc.fill_null(pc.equal(old, new.cast(old.type)), False), pc.and_(pc.is_null(old), pc.is_null(new)))
        differs |= ~np.asarray(same.to_numpy(), dtype=bool)
    return now.num_rows - len(both), int(differs.sum()), was.num_rows - len(both)
