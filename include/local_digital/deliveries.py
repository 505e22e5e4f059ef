"""What extract hands on: deliveries in the ledger, whose bytes lie in the landing store, or the wish to look again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement
from local_digital.workspace import FeedHandle, Workspace, lock

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


@dataclass(frozen=True)
class Wait:
    """Come back after `seconds` and hand `looked` over (file name to [size, time]; plain JSON)."""

    seconds: float
    looked: dict[str, list[int]]
    reason: str


@dataclass(frozen=True)
class Extracted:
    """delivery_ids: new deliveries, oldest first. unchanged, unfinished: names of files known already, or left."""

    delivery_ids: list[int] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        return {
            "delivery_ids": self.delivery_ids,
            "unchanged": len(self.unchanged),
            "unfinished": len(self.unfinished),
        }


@acting_as(LOADER)
def land(  # noqa: PLR0913 - the facts of one ledger row
    workspace: Workspace,
    feed: FeedHandle,
    name: str,
    path: Path,
    *,
    as_of: dt.datetime,
    modified: dt.datetime,
    run_id: str,
    name_day: dt.date | None = None,
    series: str = "",
) -> int | None:
    """Store a local file's bytes, then write ledger row and sighting in one transaction.

    Nobody removes the bytes between the two: they were put before, since an upload takes its time, and are put again
    where retention was quicker.

    as_of: the moment (aware) up to which the delivery is complete. modified: the source's own time for the file.
    name_day: the first local day that its name carries; the same bytes under a later day are a delivery of their own.
    series: which of a night's several files it is. Returns the id of the new delivery, or of one that was
    turned down and is taken up again; None when the bytes are known.
    """
    facts = {
        "feed_id": feed.feed_id,
        "name": name,
        "sha256": workspace.landing.put_raw(path),
        "size_bytes": path.stat().st_size,
        "as_of": as_of,
        "run_id": run_id,
        "modified_at": modified,
        "name_day": name_day,
        "series": series,
    }
    with workspace.engine.begin() as db:
        lock(db, "raw", facts["sha256"])
        if not workspace.landing.has_raw(str(facts["sha256"])):
            workspace.landing.put_raw(path)
        lock(db, "feed", feed.feed_id)
        db.execute(statement("ledger/note_raw_is_back"), facts)
        if name_day is not None:
            db.execute(statement("ledger/note_day"), facts)
        delivery_id: int | None = db.scalar(statement("ledger/add_delivery"), facts)
        if delivery_id is None:
            delivery_id = db.scalar(statement("ledger/take_up_again"), facts)
        db.execute(statement("ledger/note_sighting"), facts)
    return delivery_id


@acting_as(LOADER)
def take_up_again(workspace: Workspace, feed: FeedHandle) -> list[int]:
    """Let everything that was turned down, and is still there, be validated once more; return the deliveries' ids."""
    with workspace.engine.begin() as db:
        lock(db, "feed", feed.feed_id)
        facts = {"feed_id": feed.feed_id, "sha256": None, "name_day": None}
        return list(db.scalars(statement("ledger/take_up_again"), facts))
