"""A few trials of Belfast's night, as a program of its own: it forks, which a process with threads had better not.

python -m tests.faults.belfast sound|early-mark: with the pipeline as it is, or with a load that marks a delivery as
loaded in a transaction of its own, before its rows are there. Prints a JSON list: each point with what differs.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from sqlalchemy import text

from faults import chain
from faults.calls import Kind
from faults.faults import Fault, Point
from faults.place import place
from faults.trial import calm, trial

if TYPE_CHECKING:
    from faults.world import Unit
    from local_digital.load import LoadReport
    from local_digital.workspace import FeedHandle, Workspace

_sound_load = chain.load


def load_marked_early(workspace: Workspace, feed: FeedHandle) -> LoadReport:
    """Come to the same as the real load, when nothing happens between its transactions."""
    names = {"feed_id": feed.feed_id}
    with workspace.engine.begin() as db:
        mark = "update ledger.delivery set status = 'loaded' where feed_id = :feed_id and status = 'validated'"
        marked = list(db.scalars(text(f"{mark} returning delivery_id"), names))
    with workspace.engine.begin() as db:
        unmark = "update ledger.delivery set status = 'validated' where delivery_id = any(:marked)"
        db.execute(text(unmark), {"marked": marked})
    return _sound_load(workspace, feed)


def points(unit: Unit) -> list[Point]:
    """Return points within load: after each of its first commits, and at its first COPY."""
    return [
        *(Point(Fault.KILLED_AFTER, unit, "load", Kind.COMMIT, number, "commit") for number in (1, 2, 3, 4)),
        Point(Fault.SESSION_ENDED, unit, "load", Kind.COPY, 1, "copy"),
        Point(Fault.POSTGRES_KILLED, unit, "load", Kind.COPY, 1, "copy"),
    ]


def main() -> None:
    """Run the trials and print what became of them."""
    if sys.argv[1] == "early-mark":
        chain.load = load_marked_early
    with place(["last"], ["belfast"]) as here:
        here.prepare(lambda _: None)
        (unit,) = here.before
        with here.lane(1) as own:
            expected = calm(here, own, unit)
            results = [trial(here, own, point, expected) for point in points(unit)]
    found = [
        {"point": str(result.point), "met": result.met, "survived": result.survived, "differs": result.differs,
         "wrong": result.wrong, "tries": result.tries}
        for result in results
    ]  # fmt: skip
    json.dump({"calm": expected.differs, "trials": found}, sys.stdout)


if __name__ == "__main__":
    main()
