"""extract: take finished files, land their bytes once, and write the ledger row that makes a delivery.

A file is finished when its size and time are the same in two looks. The step never sleeps: it answers `Wait`, and the
caller (Airflow's deferral, or the command line) comes back with what was seen.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from local_digital.calendar import local_day, midnight
from local_digital.errors import DataError, LateError
from local_digital.sources.sftp import RemoteFile, SftpSource, date_in_name
from local_digital.sql import statement
from local_digital.workspace import FeedHandle, Workspace, lock

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOK_AGAIN_SECONDS = 300.0


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


def extract(
    workspace: Workspace,
    feed: FeedHandle,
    *,
    run_id: str,
    until: dt.date | None = None,
    deadline: dt.datetime | None = None,
    looked: dict[str, list[int]] | None = None,
) -> Wait | Extracted:
    """Look at the source once and either take what is finished or say when to look again.

    until: the local day of the run; files whose name carries a later day are left to later runs, and the file of
    that day is waited for until `deadline` (aware). None, a manual run, takes what is there. looked: what the last
    Wait handed back. Raises LateError after the deadline, TransportError, RefusedError, ConfigurationError.
    """
    facts = feed.feed.source
    source = SftpSource(facts, workspace.settings.connection(facts.connection))
    listed = [file for file in source.list_files() if _belongs(feed, file.name, until)]
    with workspace.engine.connect() as db:
        known = {
            row.name: (row.size_bytes, int(row.modified_at.timestamp()))
            for row in db.execute(
                text("select name, size_bytes, modified_at from ledger.sighting where feed_id = :feed_id"),
                {"feed_id": feed.feed_id},
            )
        }
    new = [file for file in listed if known.get(file.name) != (file.size, file.modified)]
    if new and looked is None:
        seen = {file.name: [file.size, file.modified] for file in new}
        return Wait(facts.settle_seconds, seen, f"{len(new)} files to look at twice")
    settled = [file for file in new if (looked or {}).get(file.name) == [file.size, file.modified]]
    taken, got = _take(workspace, feed, source, settled, run_id)
    left = [file.name for file in new if file.name not in got]
    known_before = [file.name for file in listed if file not in new]
    if until is None or _has_arrived(feed, listed, left, until) or taken.delivery_ids:
        # Where only older files came through they are delivered now; the next run will find the missing one.
        return Extracted(taken.delivery_ids, known_before + taken.unchanged, left)
    if deadline is None or dt.datetime.now(dt.UTC) >= deadline:
        raise LateError(
            f"{feed.name}: extract",
            expected=f"the export of {until} in `{facts.folder}` as `{facts.files}`",
            found=f"unfinished: {', '.join(left)}" if left else "no such file",
            action="Ask the council whether the export ran; when the file is there, clear `extract` of this run.",
        )
    return Wait(
        facts.settle_seconds if left else _LOOK_AGAIN_SECONDS,
        {file.name: [file.size, file.modified] for file in new},
        f"the export of {until} has not arrived",
    )


def take_files(workspace: Workspace, feed: FeedHandle, paths: Sequence[Path], *, run_id: str) -> Extracted:
    """Land given local files in place of the source; their names carry the date as the source's would.

    Raises DataError when a path is no file.
    """
    for path in paths:
        if not path.is_file():
            raise DataError(f"{feed.name}: --file {path}", expected="a file", found="none", action="Check the path.")
    given = [(path.name, _modified(path), path) for path in paths]
    return _land_all(workspace, feed, given, run_id)


def _take(
    workspace: Workspace, feed: FeedHandle, source: SftpSource, files: list[RemoteFile], run_id: str
) -> tuple[Extracted, set[str]]:
    """Download and land; also return the names of all files that were got whole."""
    if not files:
        return Extracted(), set()
    with tempfile.TemporaryDirectory(prefix="local-digital-") as folder:
        got = [(file.name, _moment(file.modified), path) for file, path in source.fetch(files, Path(folder))]
        return _land_all(workspace, feed, got, run_id), {name for name, _, _ in got}


def _land_all(
    workspace: Workspace, feed: FeedHandle, files: list[tuple[str, dt.datetime, Path]], run_id: str
) -> Extracted:
    delivered: list[int] = []
    unchanged: list[str] = []
    for name, modified, path in sorted(files, key=lambda file: (_as_of(feed, file[0], file[1]), file[0])):
        delivery_id = _land(workspace, feed, name, path, modified, run_id)
        if delivery_id is None:
            unchanged.append(name)
        else:
            delivered.append(delivery_id)
    return Extracted(delivered, unchanged)


def _land(
    workspace: Workspace, feed: FeedHandle, name: str, path: Path, modified: dt.datetime, run_id: str
) -> int | None:
    """Store the bytes, then write ledger row and sighting in one transaction; None when the bytes are known."""
    sha256 = workspace.landing.put_raw(path)
    facts = {
        "feed_id": feed.feed_id,
        "name": name,
        "sha256": sha256,
        "size_bytes": path.stat().st_size,
        "as_of": _as_of(feed, name, modified),
        "run_id": run_id,
        "modified_at": modified,
    }
    with workspace.engine.begin() as db:
        lock(db, "feed", feed.feed_id)
        delivery_id: int | None = db.scalar(statement("ledger/add_delivery"), facts)
        db.execute(statement("ledger/note_sighting"), facts)
    return delivery_id


def _belongs(feed: FeedHandle, name: str, until: dt.date | None) -> bool:
    try:
        day = _name_day(feed, name)
    except DataError:
        return True  # taken, and rejected there where people will see it
    return until is None or day is None or day <= until


def _has_arrived(feed: FeedHandle, listed: list[RemoteFile], left: list[str], until: dt.date) -> bool:
    finished = [file for file in listed if file.name not in left]
    if "{" not in feed.feed.source.files:
        return any(local_day(_moment(file.modified)) >= until for file in finished)
    return any(_name_day(feed, file.name) == until for file in finished)


def _name_day(feed: FeedHandle, name: str) -> dt.date | None:
    files = feed.feed.source.files
    try:
        return date_in_name(files, name)
    except ValueError:
        raise DataError(
            f"{feed.name}: file {name}",
            expected=f"a name like `{files}`",
            found="no valid date where the pattern has one",
            action="Rename the file, or mend `source.files` in the council's file.",
        ) from None


def _as_of(feed: FeedHandle, name: str, modified: dt.datetime) -> dt.datetime:
    """The moment up to which a delivery is complete: from the name's day when it carries one, else the file's time."""
    try:
        day = _name_day(feed, name)
    except DataError:
        return modified
    if day is None:
        return modified
    complete = day if feed.feed.source.name_date == "extract-day" else day + dt.timedelta(days=1)
    return midnight(complete)


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _modified(path: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
