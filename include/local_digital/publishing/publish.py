"""publish: send the difference between the marts and what the ledger says the platform holds."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import text

from local_digital.errors import ConfigurationError, LocalDigitalError
from local_digital.publishing.data_sets import SIDE_BY_SIDE, Desired, Sink, client
from local_digital.publishing.records import is_usable_id, payload_hash
from local_digital.publishing.released_feed import released_feed, withdraw_removed_feeds
from local_digital.roles import PUBLISHER, acting_as
from local_digital.sql import statement
from local_digital.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_digital.publishing.sign_off import Waiting
    from local_digital.workspace import FeedHandle

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """Record ids by what is to be done with them. sink: the platform (`live`) or the one for trials. unchanged is a
    count.
    """

    transaction: str
    data_set: str
    sink: Sink
    new: list[str]
    changed: list[str]
    withdrawn: list[str]
    unchanged: int

    def as_json(self) -> dict[str, object]:
        counts = {"new": len(self.new), "changed": len(self.changed), "withdrawn": len(self.withdrawn)}
        names = {"transaction": self.transaction, "data_set": self.data_set, "sink": self.sink}
        return {**names, **counts, "unchanged": self.unchanged}


@dataclass(frozen=True)
class PublishReport:
    """sent is False for a dry run. waiting: feeds whose figures wait for a decision; nothing of them was sent. drafts,
    embargoed: transactions of which nothing is published by the council's file. opened: how many feeds' public figures
    changed.
    """

    sent: bool
    plans: list[Plan] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)
    embargoed: list[str] = field(default_factory=list)
    opened: int = 0

    def as_json(self) -> dict[str, object]:
        return {
            "sent": self.sent,
            "data_sets": [plan.as_json() for plan in self.plans],
            "waiting": [waiting.as_json() for waiting in self.waiting],
            "drafts": self.drafts,
            "embargoed": self.embargoed,
            "opened": self.opened,
        }


@acting_as(PUBLISHER)
def publish(
    workspace: Workspace, council: str, *, run_id: str, dry_run: bool = False, hourly: bool = False
) -> PublishReport:
    """Bring a council's data sets on the platform to what the marts have; a dry run only returns the plan.

    Only what is signed off leaves: see `sign_off.gate`. hourly: the data sets about availability, which have a
    schedule of their own, and none of the others.

    Each stored batch is in the ledger before the next one leaves: killed anywhere, the next run sends at most one
    batch again, with the same ids. A data set that fails does not stop the others; the first failure is raised at
    the end. Raises DataError, RefusedError, TransportError, ConfigurationError.
    """
    feeds = workspace.feeds(council)
    wanted, gates, opened = [], [], 0
    if not dry_run:
        opened += withdraw_removed_feeds(workspace, council, feeds, run_id=run_id)
    for feed in feeds:
        found = released_feed(workspace, feed, run_id=None if dry_run else run_id, hourly=hourly)
        gates.append(found.gate)
        opened += found.opened
        wanted += found.data_sets
    plans = [plan_for(workspace, data_set) for data_set in wanted]
    report = PublishReport(
        sent=not dry_run,
        plans=plans,
        waiting=[gate.waiting for gate in gates if gate.waiting],
        drafts=[gate.feed.contract.transaction for gate in gates if gate.state == "draft"],
        embargoed=[gate.feed.contract.transaction for gate in gates if gate.state == "embargoed"],
        opened=opened,
    )
    if dry_run:
        return report

    def attempt(data_set: Desired, plan: Plan) -> LocalDigitalError | None:
        try:
            _send(workspace, data_set, plan, run_id)
        except LocalDigitalError as error:
            _log.warning("%s", error)
            return error
        return None

    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="publish") as pool:
        failures = [error for error in pool.map(attempt, wanted, plans) if error]
    failures += _orphans(workspace, council, feeds)
    if failures:
        # A fault that passes is worth the retry even when another data set is refused for good.
        raise next((error for error in failures if error.retry), failures[0])
    return report


def _orphans(workspace: Workspace, council: str, feeds: list[FeedHandle]) -> list[LocalDigitalError]:
    """Return an error for each transaction that was taken out of the council's file with records on the platform.

    The file said where they are; without it nobody can withdraw them.
    """
    names = {"council": council, "kept": [feed.contract.transaction for feed in feeds]}
    with workspace.engine.connect() as db:
        return [
            ConfigurationError(
                f"council {council}: feeds",
                expected=f"`{row.transaction}`, of which the platform holds {row.records} records",
                found="it was taken out",
                action="Put it back with `stage: draft`, publish, which withdraws them, and then take it out.",
            )
            for row in db.execute(statement("publish/orphans"), names)
        ]


@acting_as(PUBLISHER)
def plan_for(workspace: Workspace, wanted: Desired) -> Plan:
    """Return the difference between what a data set should hold and what the ledger says the platform holds."""
    held = held_records(workspace, wanted)
    hashes = wanted.hashes
    return Plan(
        wanted.transaction,
        wanted.name,
        wanted.sink,
        new=sorted(hashes.keys() - held.keys()),
        changed=sorted(key for key, value in hashes.items() if key in held and held[key] != value),
        withdrawn=sorted(held.keys() - hashes.keys()),
        unchanged=sum(held.get(key) == value for key, value in hashes.items()),
    )


@acting_as(PUBLISHER)
def held_records(workspace: Workspace, wanted: Desired) -> dict[str, str | None]:
    """Return the records that the ledger has of a data set on its sink: id to hash, None where it is in doubt."""
    with workspace.engine.connect() as db:
        rows = db.execute(statement("publish/held"), wanted.names)
        return {row.record_id: row.payload_hash for row in rows}


def _send(workspace: Workspace, wanted: Desired, plan: Plan, run_id: str) -> None:
    names = {**wanted.names, "run_id": run_id}
    with workspace.engine.begin() as db:
        send_id = db.scalar(
            statement("publish/start_send"),
            {
                **names,
                "new_records": len(plan.new),
                "changed": len(plan.changed),
                "withdrawn": len(plan.withdrawn),
                "unchanged": plan.unchanged,
            },
        )
    if plan.new or plan.changed or plan.withdrawn:
        with client(workspace, wanted.council, wanted.transaction, wanted.name, wanted.sink) as platform:
            batches = platform.send([wanted.records[key] for key in (*plan.new, *plan.changed)])
            doubt(workspace, names, [*plan.new, *plan.changed, *plan.withdrawn])
            for batch in batches:
                note_sent(workspace, names, wanted, [str(record["_id"]) for record in batch])
            for record_id in removable_first(plan.withdrawn):
                # What no delete can name may have been removed by other means.
                if is_usable_id(record_id) or platform.holds(record_id):
                    platform.delete(record_id)
                forget(workspace, names, [record_id])
    with workspace.engine.begin() as db:
        db.execute(text("update ledger.send set finished_at = now() where send_id = :send_id"), {"send_id": send_id})


@acting_as(PUBLISHER)
def doubt(workspace: Workspace, names: dict[str, str], record_ids: list[str]) -> None:
    """Note in the ledger, before they leave, that nobody knows any more how the platform holds these records.

    A batch may be stored although its answer never came. Should the marts then go back to what they were, or drop a
    record altogether, the next publish would otherwise take the platform to be right already.
    """
    with workspace.engine.begin() as db:
        db.execute(statement("publish/note_difference"), {**names, "record_ids": record_ids})


def removable_first(record_ids: Iterable[str]) -> list[str]:
    """Put last the ids that no delete can name (somebody else's records may have such), so that they stop no other."""
    return sorted(record_ids, key=lambda record_id: (not is_usable_id(record_id), record_id))


@acting_as(PUBLISHER)
def note_sent(workspace: Workspace, names: dict[str, str], wanted: Desired, record_ids: list[str]) -> None:
    """Note in the ledger that the platform holds these records. names: of the data set, with `run_id`."""
    with workspace.engine.begin() as db:
        db.execute(
            statement("publish/note_sent"),
            {
                **names,
                "record_ids": record_ids,
                "payload_hashes": [payload_hash(wanted.records[key]) for key in record_ids],
            },
        )


@acting_as(PUBLISHER)
def forget(workspace: Workspace, names: dict[str, str], record_ids: Iterable[str]) -> None:
    """Note in the ledger that the platform no longer holds these records."""
    with workspace.engine.begin() as db:
        db.execute(statement("publish/forget"), {**names, "record_ids": list(record_ids)})
