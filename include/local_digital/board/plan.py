"""What a publish of a council would send now: computed when somebody asks, and nothing leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from local_digital.publishing.publish import Plan, plan_for
from local_digital.publishing.released_feed import released_feed
from local_digital.publishing.sign_off import briefly
from local_digital.workspace import FeedHandle

if TYPE_CHECKING:
    from local_digital.board.reading import Configuration
    from local_digital.config.models import Council
    from local_digital.workspace import Workspace


@dataclass(frozen=True)
class Planned:
    """What would become of one feed. why: it sends nothing, in words. plans: one for each data set."""

    transaction: str
    why: str
    plans: list[Plan]


def planned(workspace: Workspace, configuration: Configuration, council: Council) -> list[Planned]:
    """Return the plan of every feed of a council, as `local-digital publish --dry-run` has it."""
    with workspace.engine.connect() as db:
        known = {
            row.transaction: row.feed_id
            for row in db.execute(
                text("select transaction, feed_id from ledger.feed where council = :council"),
                {"council": council.council},
            )
        }
    found = []
    for transaction, feed in sorted(council.feeds.items()):
        if transaction not in known:
            found.append(Planned(transaction, "It has never run.", []))
            continue
        handle = FeedHandle(council, configuration.contracts[transaction], feed, known[transaction])
        released = released_feed(workspace, handle, run_id=None)
        gate = released.gate
        why = {
            "draft": "It is a draft: nothing of it is published.",
            "embargoed": f"It is under embargo until {feed.embargo_until}: what is public stays as it is.",
            "waiting": "It waits for a decision.",
            "open": "",
        }[gate.state]
        if gate.waiting:
            why = f"It waits for a decision: {briefly(gate.waiting.reasons)}."
        found.append(Planned(transaction, why, [plan_for(workspace, wanted) for wanted in released.data_sets]))
    return found
