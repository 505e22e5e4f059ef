"""reconcile: read back what the platform shows and compare it with the marts, record by record."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from local_digital.errors import LocalDigitalError, ReconciliationError
from local_digital.publishing.data_sets import SIDE_BY_SIDE, Desired, client
from local_digital.publishing.records import described, is_storable, payload_hash
from local_digital.publishing.released_feed import released_feed
from local_digital.roles import PUBLISHER, acting_as
from local_digital.sql import statement

if TYPE_CHECKING:
    from local_digital.workspace import Workspace

_NAMED = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Comparison:
    """Record ids that the platform lacks, has otherwise, or should not have; equal is a count."""

    transaction: str
    data_set: str
    equal: int
    missing: list[str]
    different: list[str]
    extra: list[str]

    @property
    def agrees(self) -> bool:
        return not (self.missing or self.different or self.extra)

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class ReconcileReport:
    comparisons: list[Comparison]

    def as_json(self) -> dict[str, object]:
        return {"data_sets": [comparison.as_json() for comparison in self.comparisons]}


@acting_as(PUBLISHER)
def reconcile(workspace: Workspace, council: str, *, run_id: str, hourly: bool = False) -> ReconcileReport:
    """Compare every data set of a council; what differs is noted, so that the next publish repairs it.

    Feeds that wait for a decision or are under embargo are left out: what the marts hold of them is not to be there
    yet. hourly: the data sets about availability, and none of the others.
    A data set that cannot be read does not stop the others. Raises ReconciliationError naming the data sets and their
    first records; where nothing differs, the first failure to read: RefusedError, TransportError, ConfigurationError.
    """
    wanted = [
        data_set
        for feed in workspace.feeds(council)
        for data_set in released_feed(workspace, feed, run_id=None, hourly=hourly).data_sets
    ]

    def attempt(data_set: Desired) -> Comparison | LocalDigitalError:
        try:
            return _compare(workspace, data_set, run_id)
        except LocalDigitalError as error:
            _log.warning("%s", error)
            return error

    # Side by side, as they were sent.
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="reconcile") as pool:
        outcomes = list(pool.map(attempt, wanted))
    comparisons = [outcome for outcome in outcomes if isinstance(outcome, Comparison)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, LocalDigitalError)]
    wrong = [comparison for comparison in comparisons if not comparison.agrees]
    if wrong:
        raise ReconciliationError(
            f"{council}: reconcile",
            expected="the platform to hold what the marts hold",
            found="; ".join([*map(_found, wrong), *(f"{failure.where} could not be read" for failure in failures)]),
            action="The next publish repairs it: clear `publish` of this run, or wait for the next one.",
        )
    if failures:
        raise next((error for error in failures if error.retry), failures[0])
    return ReconcileReport(comparisons)


def _compare(workspace: Workspace, wanted: Desired, run_id: str) -> Comparison:
    with client(workspace, wanted.council, wanted.transaction, wanted.name, wanted.sink) as platform:
        shown = {str(record.get("_id")): payload_hash(record) for record in platform.read_all()}
    hashes = wanted.hashes
    comparison = Comparison(
        wanted.transaction,
        wanted.name,
        equal=sum(shown.get(key) == value for key, value in hashes.items()),
        missing=sorted(hashes.keys() - shown.keys()),
        different=sorted(key for key, value in hashes.items() if key in shown and shown[key] != value),
        extra=sorted(shown.keys() - hashes.keys()),
    )
    if not comparison.agrees:
        names = {**wanted.names, "run_id": run_id}
        # An id that no database holds is told each time, and is none that a publish could remove.
        differing = [*comparison.different, *filter(is_storable, comparison.extra), *comparison.missing]
        with workspace.engine.begin() as db:
            db.execute(statement("publish/note_difference"), {**names, "record_ids": differing})
    return comparison


def _found(comparison: Comparison) -> str:
    parts = []
    for what in ("missing", "different", "extra"):
        ids: list[str] = getattr(comparison, what)
        if ids:
            more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
            first = "; ".join(sorted(map(described, ids))[:_NAMED])
            parts.append(f"{len(ids)} {what} ({first}{more})")
    return f"{comparison.transaction} {comparison.data_set}: {', '.join(parts)}"
