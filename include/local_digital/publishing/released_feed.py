"""What a feed's data sets should hold on each sink now, by what has been signed off."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from local_digital.publishing.data_sets import Desired, Sink, desired, released
from local_digital.publishing.open_figures import open_to_public, withdraw_from_public
from local_digital.publishing.sign_off import Gate, gate
from local_digital.sql import statement

if TYPE_CHECKING:
    from local_digital.workspace import FeedHandle, Workspace


@dataclass(frozen=True)
class ReleasedFeed:
    """data_sets: with all that they should hold; where the gate is shut, none. opened: the public figures changed."""

    gate: Gate
    data_sets: list[Desired] = field(default_factory=list)
    opened: bool = False


def released_feed(workspace: Workspace, feed: FeedHandle, *, run_id: str | None, hourly: bool = False) -> ReleasedFeed:
    """Return what is to be sent for a feed; release its figures to the public where they are signed off.

    run_id: the run that publishes; None only looks, and releases nothing. A feed that is live no longer, or on trial
    no longer, is emptied where it was; so is a data set that it publishes no longer.
    """
    sink: Sink = "trial" if feed.feed.stage == "trial" else "live"
    opened = False
    with workspace.engine.begin() as db:
        found = gate(db, feed, run_id=run_id, judged=not hourly)
        # Trials are seen by those who make the figures: what they saw decides nothing about later releases.
        remembered = run_id if found.public and found.state == "open" and not hourly else None
        decided = {} if hourly else released(db, feed, run_id=remembered)
        if remembered is not None:
            opened = open_to_public(db, feed, decided, run_id=remembered)
        elif run_id is not None and feed.feed.stage != "live":
            opened = withdraw_from_public(db, feed, run_id=run_id)
    if found.waiting and found.public and workspace.settings.site_url:
        page = f"{workspace.settings.site_url}councils/{feed.council.council}/{feed.contract.transaction}/index.html"
        found = replace(found, waiting=replace(found.waiting, page=page))
    data_sets = _left_behind(workspace, feed, keep=None if found.state == "draft" else sink)
    if found.state in {"embargoed", "waiting"}:
        # What was sent stays as it is, and so does what is on trial until the feed is live.
        data_sets = []
    if found.state == "open":
        data_sets += desired(workspace, feed, decided, sink=sink, hourly=hourly)
    return ReleasedFeed(found, data_sets, opened)


def _left_behind(workspace: Workspace, feed: FeedHandle, keep: Sink | None) -> list[Desired]:
    """Return, to be emptied, the data sets that hold records where the feed publishes them no longer."""
    names = {
        "council": feed.council.council,
        "transaction": feed.contract.transaction,
        "keep": keep or "",
        "published": list(feed.feed.publish),
    }
    with workspace.engine.connect() as db:
        return [
            Desired(feed.council, feed.contract.transaction, row.data_set, row.sink, {})
            for row in db.execute(statement("publish/left_behind"), names)
        ]
