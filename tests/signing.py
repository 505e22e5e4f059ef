"""Somebody who signs off whatever waits, for tests about what comes after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_digital.publishing import data_sets
from local_digital.publishing.sign_off import Verdict, decide, gate

if TYPE_CHECKING:
    from local_digital.publishing.data_sets import Desired
    from local_digital.workspace import FeedHandle, Workspace


def sign_off(workspace: Workspace, council: str) -> None:
    """Release whatever waits for a decision, of all feeds of a council."""
    for feed in workspace.feeds(council):
        with workspace.engine.begin() as db:
            waiting = gate(db, feed, run_id=None).waiting
        if waiting:
            decide(workspace, feed, Verdict("released", by="tester", through="terminal", seen=waiting.digest))


def desired(workspace: Workspace, feed: FeedHandle, *, run_id: str | None = None) -> list[Desired]:
    """What a feed's data sets should hold, whoever has signed it off; run_id as in `data_sets.released`."""
    with workspace.engine.begin() as db:
        return data_sets.desired(db, feed, data_sets.released(db, feed, run_id=run_id))
