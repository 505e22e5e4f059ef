"""rebuild: make one data set on the platform right from nothing, whatever the ledger believes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from local_digital.errors import ConfigurationError
from local_digital.publishing.data_sets import client
from local_digital.publishing.publish import doubt, forget, held_records, note_sent, removable_first
from local_digital.publishing.released_feed import released_feed
from local_digital.roles import PUBLISHER, acting_as

if TYPE_CHECKING:
    from local_digital.publishing.data_sets import Desired
    from local_digital.workspace import Workspace


@dataclass(frozen=True)
class RebuildReport:
    """How many records were sent, and how many that nobody wants were removed."""

    sent: int
    removed: int

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@acting_as(PUBLISHER)
def rebuild(
    workspace: Workspace, council: str, data_set: str, *, run_id: str, transaction: str | None = None
) -> RebuildReport:
    """Send every record of a data set again and remove what else is there; the ledger is made to match.

    Nothing is emptied: at every moment readers find each record in its old or its new form. transaction: where several
    feeds of the council publish a data set of this name. Killed and run again it comes to the same. Raises
    ConfigurationError, DataError, RefusedError, TransportError.
    """
    wanted = publishable(workspace, council, data_set, run_id=run_id, transaction=transaction)
    names = {**wanted.names, "run_id": run_id}
    with client(workspace, wanted.council, wanted.transaction, wanted.name, wanted.sink) as platform:
        batches = platform.send(list(wanted.records.values()))
        known = held_records(workspace, wanted).keys()
        doubt(workspace, names, sorted(known | wanted.records.keys()))
        for batch in batches:
            note_sent(workspace, names, wanted, [str(record["_id"]) for record in batch])
        stray = removable_first({str(record["_id"]) for record in platform.read_all()} - wanted.records.keys())
        for record_id in stray:
            platform.delete(record_id)
    forget(workspace, names, sorted(known - wanted.records.keys()))
    return RebuildReport(len(wanted.records), len(stray))


@acting_as(PUBLISHER)
def publishable(
    workspace: Workspace, council: str, data_set: str, *, run_id: str | None, transaction: str | None
) -> Desired:
    """Return a data set as it should be on its sink now; run_id as in `released_feed`.

    Raises ConfigurationError when there is none of this name, several, or nothing of it may be published.
    """
    feeds = [
        feed
        for feed in workspace.feeds(council)
        if data_set in feed.feed.publish and transaction in {None, feed.contract.transaction}
    ]
    if len(feeds) != 1:
        offered = {
            f"{feed.contract.transaction} {name}" for feed in workspace.feeds(council) for name in feed.feed.publish
        }
        raise ConfigurationError(
            f"{council} {data_set}",
            expected=f"one of {', '.join(sorted(offered)) or 'its data sets, of which it has none'}",
            found="several of that name" if feeds else "none of that name",
            action="Check the spelling, and say which with --transaction where there are several.",
        )
    (feed,) = feeds
    found = released_feed(workspace, feed, run_id=run_id, hourly=feed.contract.data_sets[data_set].availability)
    wanted = next((one for one in found.data_sets if one.name == data_set and one.records), None)
    if wanted is None:
        raise ConfigurationError(
            f"{council} {data_set}",
            expected="a data set that may be published",
            found=f"a feed that is {found.gate.state}" if found.gate.state != "open" else "no figures",
            action="`local-digital publish --dry-run` says what waits for what.",
        )
    return wanted
