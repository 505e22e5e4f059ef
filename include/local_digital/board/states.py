"""What a feed is called on the board: whether its deliveries come, and how far it has got on the way to the public."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from local_digital.calendar import local_day
from local_digital.freshness import state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_digital.config.models import Feed

# A push that has not ended by then has failed, or was killed.
_LONGEST_PUSH = dt.timedelta(hours=2)


class State(NamedTuple):
    title: str
    means: str


# What needs somebody comes first. The keys name the shapes in board.css.
STATES = {
    "failing": State(
        "Failing",
        "The newest delivery was turned down, the newest push did not end, or a failed step has not ended well since.",
    ),
    "late": State("Late", "The next delivery is overdue by the feed's cadence."),
    "held": State("Held", "Figures outside their band are held back, or somebody decided to keep them back."),
    "waiting": State(
        "Waiting for a decision", "It, or a data set of it, is to go live, and nobody has released it yet."
    ),
    "no-delivery": State("No delivery yet", "There is a feed, and nothing of it has been loaded yet."),
    "embargoed": State("Embargoed", "Nothing more is published before the day in the council's file."),
    "draft": State("Draft", "The feed's stage is draft: nothing is published."),
    "trial": State("Trial", "The feed's stage is trial: its figures go to the sink for trials only."),
    "live": State("Live", "Somebody released it, and its figures are public."),
    "awaited": State("No feed yet", "The council provides this transaction and sends nothing of it yet."),
    "not-provided": State("Not provided", "The council does not provide this transaction."),
}


def states_of(feed: Feed, row: Mapping[str, Any] | None, now: dt.datetime) -> tuple[str, ...]:
    """Return the keys of all that a feed is, in the order of `STATES`.

    row: of `sql/board/feeds`, None when the ledger does not know the feed yet. now: aware.
    """
    found = _flow(feed, row, now) | publication_of(feed, row, now)
    return tuple(key for key in STATES if key in found)


def _flow(feed: Feed, row: Mapping[str, Any] | None, now: dt.datetime) -> set[str]:
    if row is None:
        return {"no-delivery"}
    begun = row["push_started_at"]
    stuck = begun is not None and row["push_finished_at"] is None and now - begun > _LONGEST_PUSH
    called = state(
        feed.cadence,
        complete_until=row["loaded_until"],
        newest_status=row["status"],
        ends=feed.covers_until,
        as_of=now,
    )
    found = {"failing"} if stuck or row["failed_steps"] else set()
    return found | {"rejected": {"failing"}, "late": {"late"}, "no delivery yet": {"no-delivery"}}.get(called, set())


def publication_of(feed: Feed, row: Mapping[str, Any] | None, now: dt.datetime) -> set[str]:
    """Return how far a feed has got on the way to the public, one of the keys of `STATES` or none before its first
    delivery; arguments as in `states_of`.
    """
    if feed.stage != "live":
        return {feed.stage}
    if feed.embargo_until and local_day(now) < feed.embargo_until:
        return {"embargoed"}
    if row is None or row["loaded_until"] is None:
        return set()
    if row["decision"] == "kept-back":
        return {"held"}
    if not row["going_live"] or feed.publish.keys() - set(row["known_data_sets"]):
        return {"waiting"}
    return {"held"} if row["held_figures"] else {"live"}
