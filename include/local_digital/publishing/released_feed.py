"""What a feed's data sets should hold on each sink now, by what has been signed off."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from local_digital.publishing.data_sets import Desired, Sink, desired, released
from local_digital.publishing.open_figures import drop_data_sets, open_to_public, withdraw_from_public
from local_digital.publishing.sign_off import Gate, gate
from local_digital.roles import PUBLISHER, acting_as
from local_digital.sql import statement
from local_digital.workspace import lock

if TYPE_CHECKING:
    from sqlalchemy import Connection as Database

    from local_digital.workspace import FeedHandle, Workspace


@dataclass(frozen=True)
class ReleasedFeed:
    """data_sets: with all that they should hold; where the gate is shut, none. opened: the public figures changed."""

    gate: Gate
    data_sets: list[Desired] = field(default_factory=list)
    opened: bool = False


@acting_as(PUBLISHER)
def released_feed(workspace: Workspace, feed: FeedHandle, *, run_id: str | None, hourly: bool = False) -> ReleasedFeed:
    """Return what is to be sent for a feed; release its figures to the public where they are signed off.

    run_id: the run that publishes; None only looks, and releases nothing. A feed that is live no longer, or on trial
    no longer, is emptied where it was; so is a data set that it publishes no longer, whatever waits. A file that says
    nothing of a stage publishes nothing and withdraws nothing: it may be older than stages are.
    """
    sink: Sink = "trial" if feed.feed.stage == "trial" else "live"
    opened = False
    with workspace.engine.begin() as db:
        # Nobody computes the marts anew between the judgement on them and what leaves.
        lock(db, "feed", feed.feed_id)
        found = gate(db, feed, run_id=run_id, judged=not hourly)
        # Trials are seen by those who make the figures: what they saw decides nothing about later releases.
        remembered = run_id if found.public and found.state == "open" and not hourly else None
        decided = released(db, feed, run_id=remembered) if found.state == "open" and not hourly else {}
        if remembered is not None:
            opened = open_to_public(db, feed, decided, run_id=remembered)
        elif run_id is not None and feed.feed.stage != "live" and feed.feed.says_stage:
            opened = withdraw_from_public(db, feed, run_id=run_id)
        elif run_id is not None and not hourly:
            opened = drop_data_sets(db, feed, run_id=run_id)
        data_sets = _left_behind(db, feed, keep=None if found.state == "draft" else sink)
        if not feed.feed.says_stage:
            data_sets = []
        if found.state in {"embargoed", "waiting"}:
            # What was sent stays as it is, and so does what is on trial until the feed is live.
            data_sets = [one for one in data_sets if one.sink == sink]
        if found.state == "open":
            data_sets += desired(db, feed, decided, sink=sink, hourly=hourly)
    if found.waiting and found.public and workspace.settings.site_url:
        page = f"{workspace.settings.site_url}councils/{feed.council.council}/{feed.contract.transaction}/index.html"
        found = replace(found, waiting=replace(found.waiting, page=page))
    return ReleasedFeed(found, data_sets, opened)


@acting_as(PUBLISHER)
def withdraw_removed_feeds(workspace: Workspace, council: str, feeds: list[FeedHandle], *, run_id: str) -> int:
    """Withdraw the public figures of feeds that the council's file names no longer; return how many feeds that were.

    Should the file name one again, it needs a new decision to go live. feeds: those that it names.
    """
    names = {"council": council, "kept": [feed.contract.transaction for feed in feeds]}
    with workspace.engine.begin() as db:
        removed = db.execute(statement("sign_off/removed_feeds"), names).all()
        for feed in removed:
            lock(db, "sign-off", feed.feed_id)
            db.execute(statement("sign_off/note_stage"), {"feed_id": feed.feed_id, "stage": "draft"})
            db.execute(
                statement("open_data/withdraw"),
                {"council": council, "transaction": feed.transaction, "run_id": run_id},
            )
    return len(removed)


def _left_behind(db: Database, feed: FeedHandle, keep: Sink | None) -> list[Desired]:
    """Return, to be emptied, the data sets that hold records where the feed publishes them no longer."""
    names = {
        "council": feed.council.council,
        "transaction": feed.contract.transaction,
        "keep": keep or "",
        "published": list(feed.feed.publish),
    }
    return [
        Desired(feed.council, feed.contract.transaction, row.data_set, row.sink, {})
        for row in db.execute(statement("publish/left_behind"), names)
    ]
