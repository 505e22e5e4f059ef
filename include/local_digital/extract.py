"""extract: take what a feed's source has that is new, and make deliveries of it.

A file is finished when its size and time are the same in two looks, and its marker or manifest says so where the feed
has one. One look is enough for a file under a new name of which a marker of its own or a manifest says so, and for one
whose SHA-256 a manifest gives. The step never sleeps: it answers `Wait`, and the caller (Airflow's deferral, or the
command line) comes back with what was seen.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

from sqlalchemy import text

from local_digital.calendar import local_day, midnight
from local_digital.config.sources import MIB, FileFacts
from local_digital.deliveries import Extracted, Wait, land
from local_digital.errors import DataError, LateError
from local_digital.freshness import late_from
from local_digital.roles import LOADER, acting_as
from local_digital.sources.files import open_source
from local_digital.sources.spool import Spool, writing_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from local_digital.config.sources import Source
    from local_digital.sources import FileSource, RemoteFile
    from local_digital.workspace import FeedHandle, Workspace

__all__ = ["Extracted", "Wait", "extract", "take_files"]

_log = logging.getLogger(__name__)

_LOOK_AGAIN_SECONDS = 300.0
# So much is downloaded before it becomes deliveries: a backlog that is cut keeps what it had, and the spool stays
# small.
_BATCH_BYTES = 64 * MIB
_ONE_DAY = dt.timedelta(days=1)
_MOST_NAMED = 5


@acting_as(LOADER)
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

    until: the local day of the run; files whose name carries a later day are left to later runs, and the export of
    that day is waited for until `deadline` (aware), if a nightly one, or if a weekly or monthly one is overdue. None, a
    manual run, takes what is there. looked: what the last Wait handed back. Raises LateError after the deadline;
    DataError when a file is larger than the feed allows, after everything else is taken; TransportError, RefusedError,
    ConfigurationError.
    """
    facts = feed.feed.source
    if not isinstance(facts, FileFacts):
        from local_digital.windows import extract_windows  # noqa: PLC0415 - HTTP only where it is spoken

        return extract_windows(workspace, feed, run_id=run_id, until=until)
    source = open_source(feed, workspace.settings)
    # Known before the listing: what is archived without being taken was taken before it was listed.
    known = _known(workspace, feed)
    listed = [file for file in source.list_files() if _belongs(facts, file.name, until)]
    new = [file for file in listed if known.get(file.name) != (file.size, file.modified)]
    too_large = [file for file in new if file.size > facts.max_bytes]
    fitting = [file for file in new if file.size <= facts.max_bytes]
    unproven = {file for file in fitting if not _is_proven(file, known)}
    if unproven and looked is None:
        return Wait(facts.settle_seconds, _seen(fitting), f"{len(unproven)} files to look at twice")
    before = looked or {}
    settled = [
        file for file in fitting
        # What has changed between two looks is being written, whatever anybody says of it.
        if (before[file.name] == [file.size, file.modified] if file.name in before else file not in unproven)
    ]  # fmt: skip
    taken, got = _take(workspace, feed, source, settled, run_id)
    # Also what an earlier run took and was killed before it could move it.
    source.archive(file for file in listed if file.name in got or file not in new)
    left = [file.name for file in fitting if file.name not in got]
    arrived = 0
    if until is not None:
        times = {name: modified for name, (_, modified) in known.items()} | {
            file.name: file.modified for file in listed
        }
        arrived = sum(_is_of(facts, name, times[name], until) for name in times.keys() - set(left))
        # Where only older files came through they are delivered now; the next run will find the missing one.
        missing = arrived < facts.files_a_night and (arrived > 0 or not taken.delivery_ids)
        if feed.feed.cadence != "nightly":
            # Most nights bring none, so a night without is late only when the feed is.
            missing = not arrived and _is_late(workspace, feed, until)
        if missing and deadline is not None and dt.datetime.now(dt.UTC) < deadline:
            seconds = facts.settle_seconds if left else _LOOK_AGAIN_SECONDS
            return Wait(seconds, _seen(fitting), f"the export of {until} has not arrived")
        if missing and not too_large:
            raise _late(feed, facts, until, arrived, left)
    if too_large:
        raise _too_large(feed, facts, too_large)
    return Extracted(taken.delivery_ids, [file.name for file in listed if file not in new] + taken.unchanged, left)


@acting_as(LOADER)
def take_files(workspace: Workspace, feed: FeedHandle, paths: Sequence[Path], *, run_id: str) -> Extracted:
    """Land given local files in place of the source; their names carry the date as the source's would.

    Raises DataError when a path is no file.
    """
    for path in paths:
        if not path.is_file():
            raise DataError(f"{feed.name}: {path}", expected="a file", found="none", action="Check the path.")
    facts = feed.feed.source
    given = []
    for path in paths:
        modified = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        name = _name_of(facts, path) if isinstance(facts, FileFacts) else path.name
        given.append((_as_of(facts, name, modified), name, modified, path))
    landed = [(name, _land(workspace, feed, name, path, modified, run_id)) for _, name, modified, path in sorted(given)]
    return _extracted(landed)


def _known(workspace: Workspace, feed: FeedHandle) -> dict[str, tuple[int, int]]:
    """Return size and time of every file that is a delivery already, by name."""
    find = text("select name, size_bytes, modified_at from ledger.sighting where feed_id = :feed_id")
    with workspace.engine.connect() as db:
        rows = db.execute(find, {"feed_id": feed.feed_id})
        return {row.name: (row.size_bytes, int(row.modified_at.timestamp())) for row in rows}


def _is_proven(file: RemoteFile, known: dict[str, tuple[int, int]]) -> bool:
    """Say whether one look is enough: the sender vouches for the file, and for no earlier one of its name instead.

    A marker or a line in a manifest may be left from the earlier one. A hash is of the bytes, which are compared with
    it.
    """
    return bool(file.sha256) or (file.vouched_for and file.name not in known)


def _seen(files: list[RemoteFile]) -> dict[str, list[int]]:
    return {file.name: [file.size, file.modified] for file in files}


def _take(
    workspace: Workspace, feed: FeedHandle, source: FileSource, files: list[RemoteFile], run_id: str
) -> tuple[Extracted, set[str]]:
    """Download and land, oldest first; also return the names of all files that were got whole."""
    if not files:
        return Extracted(), set()
    facts = feed.feed.source
    ordered = sorted(files, key=lambda file: (_as_of(facts, file.name, _moment(file.modified)), file.name))
    landed: list[tuple[str, int | None]] = []
    with Spool(workspace.settings.spool) as spool:
        for batch in _batches(ordered):
            for file, path in source.fetch(batch, spool):
                landed.append((file.name, _land(workspace, feed, file.name, path, _moment(file.modified), run_id)))
                spool.remove(path)
    return _extracted(landed), {name for name, _ in landed}


def _extracted(landed: list[tuple[str, int | None]]) -> Extracted:
    return Extracted(
        [delivery_id for _, delivery_id in landed if delivery_id is not None],
        [name for name, delivery_id in landed if delivery_id is None],
    )


def _batches(files: list[RemoteFile]) -> Iterator[list[RemoteFile]]:
    batch: list[RemoteFile] = []
    size = 0
    for file in files:
        size += file.size
        if batch and size > _BATCH_BYTES:
            yield batch
            batch, size = [], file.size
        batch.append(file)
    yield batch


def _land(
    workspace: Workspace, feed: FeedHandle, name: str, path: Path, modified: dt.datetime, run_id: str
) -> int | None:
    facts = feed.feed.source
    name_day, series = None, ""
    if isinstance(facts, FileFacts):
        name_day = _likely_day(facts, name)
        if name_day != _first_day(facts, name):
            _log.warning(
                "%s: the date in %s is still to come: taken as a slip, the file's own time counts", feed.name, name
            )
        series = facts.pattern.series(name) if facts.files_a_night > 1 else ""
    as_of = _as_of(facts, name, modified)
    with writing_to("landing store"):
        return land(
            workspace, feed, name, path, as_of=as_of, modified=modified, run_id=run_id, name_day=name_day, series=series
        )


def _belongs(facts: FileFacts, name: str, until: dt.date | None) -> bool:
    # A name with a slip in its date carries none: taken now, not passed over for ever.
    day = _first_day(facts, name)
    if until is None or day is None or day <= until:
        return True
    if _likely_day(facts, name) is None:
        _log.warning("%s is left: the date in its name is still to come; ask the council whether it is right", name)
    return False


def _is_of(facts: FileFacts, name: str, modified: int, until: dt.date) -> bool:
    """Say whether a file is (part of) the export that the run of a local day waits for.

    That is the one whose name carries the day (or the week, the month of it); where names carry what they cover, the
    one that covers up to the day before. Names without a date leave only the time at which the server says it was
    written.
    """
    if not facts.pattern.has_date:
        return local_day(_moment(modified)) >= until
    first, _ = facts.pattern.period(until)
    if facts.name_date == "data-day":
        first, _ = facts.pattern.period(first - _ONE_DAY)
    return _first_day(facts, name) == first


def _first_day(facts: FileFacts, name: str) -> dt.date | None:
    """Return the first local day that a name carries, None when there is no (valid) date in it."""
    try:
        return facts.pattern.first_day(name)
    except ValueError:
        return None


def _likely_day(facts: FileFacts, name: str) -> dt.date | None:
    """Return the day of `_first_day`, None when it is later than tomorrow: no export can be of such a day."""
    day = _first_day(facts, name)
    return None if day and day - local_day(dt.datetime.now(dt.UTC)) > _ONE_DAY else day


def _as_of(facts: Source, name: str, modified: dt.datetime) -> dt.datetime:
    """The moment up to which a delivery is complete: from the name's day when it carries one, else the file's time.

    Never much later than now: a month's file that comes before its end is complete up to when it was written.
    """
    now = dt.datetime.now(dt.UTC)
    first = _likely_day(facts, name) if isinstance(facts, FileFacts) else None
    if first and isinstance(facts, FileFacts):
        day = first if facts.name_date == "extract-day" else facts.pattern.period(first)[1] + _ONE_DAY
        if midnight(day) <= now + _ONE_DAY:
            return midnight(day)
    return min(modified, now)


def _name_of(facts: FileFacts, path: Path) -> str:
    """Return as much of a local path as the feed's pattern is about: `2025/11/bins_04.csv`, else the bare name."""
    below = "/".join(path.resolve().parts[-1 - (facts.pattern.depth or 0) :])
    return below if facts.pattern.matches(below) else path.name


def _is_late(workspace: Workspace, feed: FeedHandle, until: dt.date) -> bool:
    """Say whether a feed is overdue by the end of a local day; one without any delivery is."""
    with workspace.engine.connect() as db:
        reaches = db.scalar(
            text(
                "select max(coalesce(complete_until, as_of)) from ledger.delivery "
                "where feed_id = :feed_id and status <> 'rejected' and superseded_by is null"
            ),
            {"feed_id": feed.feed_id},
        )
    return reaches is None or midnight(until + _ONE_DAY) > late_from(feed.feed.cadence, reaches)


def _late(feed: FeedHandle, facts: FileFacts, until: dt.date, arrived: int, left: list[str]) -> LateError:
    found = f"{arrived} of {facts.files_a_night} files" if arrived else "no such file"
    due = "" if feed.feed.cadence == "nightly" else f", or a {feed.feed.cadence} one that is not overdue,"
    return LateError(
        f"{feed.name}: extract",
        expected=f"the export of {until}{due} in `{facts.folder}` as `{facts.files}`",
        found=f"unfinished: {_first_of(left)}" if left else found,
        action="Ask the council whether the export ran; when the file is there, clear `extract` of this run.",
    )


def _too_large(feed: FeedHandle, facts: FileFacts, files: list[RemoteFile]) -> DataError:
    return DataError(
        f"{feed.name}: file {_first_of([file.name for file in files])}",
        expected=f"at most {facts.max_bytes} bytes (`source.max_bytes`)",
        found=_first_of([str(file.size) for file in files]),
        action="It is not downloaded. Ask the council whether the file is right; if so, raise `source.max_bytes`.",
    )


def _first_of(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
