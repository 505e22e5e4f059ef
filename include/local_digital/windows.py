"""extract for APIs: ask for the intervals that are outstanding, and land the answers to each as one delivery.

There is nothing to look at twice: an answer is whole or it is an error. An interval lands as soon as it was read, so a
run that was killed is gone on with where it stopped.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from local_digital.calendar import local_day, midnight
from local_digital.config.formats import TreeFormat
from local_digital.config.sources import Api, Open311
from local_digital.deliveries import Extracted, land
from local_digital.errors import ConfigurationError
from local_digital.private_folders import private_folder
from local_digital.sources.api import ApiSource
from local_digital.sources.open311 import Open311Source
from local_digital.sql import statement

if TYPE_CHECKING:
    from local_digital.sources import WindowSource
    from local_digital.workspace import FeedHandle, Workspace


def extract_windows(workspace: Workspace, feed: FeedHandle, *, run_id: str, until: dt.date | None) -> Extracted:
    """Read everything up to the local day `until` (a scheduled run), or up to now (None, a manual run), oldest first.

    Raises TransportError, RefusedError, DataError, ConfigurationError; what landed before is kept.
    """
    source = _source(workspace, feed)
    end = dt.datetime.now(dt.UTC).replace(microsecond=0) if until is None else midnight(until)
    with workspace.engine.connect() as db:
        complete_until: dt.datetime | None = db.scalar(
            statement("ledger/complete_until"), {"feed_id": feed.feed_id, "until": end}
        )
    extracted = Extracted()
    for interval in source.intervals(complete_until, end):
        name = f"{interval.name}.zip"
        with private_folder() as folder:
            delivery_id = land(
                workspace,
                feed,
                name,
                source.fetch(interval, folder),
                as_of=interval.end,
                modified=interval.end,
                run_id=run_id,
                name_day=local_day(interval.end),
            )
        if delivery_id is None:
            extracted.unchanged.append(name)
        else:
            extracted.delivery_ids.append(delivery_id)
    return extracted


def _source(workspace: Workspace, feed: FeedHandle) -> WindowSource:
    facts, form = feed.feed.source, feed.feed.reads_as
    if isinstance(facts, Api):
        return ApiSource(facts, workspace.settings.connection(facts.connection), form)
    if isinstance(facts, Open311) and isinstance(form, TreeFormat):
        return Open311Source(facts, workspace.settings.connection(facts.connection), form)
    raise ConfigurationError(
        f"{feed.name}: source",
        expected="an API or an Open311 server",
        found=f"kind {facts.kind}",
        action="Mend `source` in the council's file.",
    )
