"""reconcile: read back what the platform shows and compare it with the marts, record by record."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from local_digital.errors import ReconciliationError
from local_digital.publishing.data_sets import Desired, client, desired
from local_digital.publishing.records import payload_hash
from local_digital.sql import statement

if TYPE_CHECKING:
    from local_digital.workspace import Workspace

_NAMED = 5


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


def reconcile(workspace: Workspace, council: str, *, run_id: str) -> ReconcileReport:
    """Compare every data set of a council; what differs is noted, so that the next publish repairs it.

    Raises ReconciliationError naming the data sets and the first record ids, RefusedError, TransportError.
    """
    comparisons = [
        _compare(workspace, wanted, run_id)
        for feed in workspace.feeds(council)
        for wanted in desired(workspace, feed, run_id=None)
    ]
    wrong = [comparison for comparison in comparisons if not comparison.agrees]
    if wrong:
        raise ReconciliationError(
            f"{council}: reconcile",
            expected="the platform to hold what the marts hold",
            found="; ".join(_described(comparison) for comparison in wrong),
            action="The next publish repairs it: clear `publish` of this run, or wait for the next one.",
        )
    return ReconcileReport(comparisons)


def _compare(workspace: Workspace, wanted: Desired, run_id: str) -> Comparison:
    platform = client(workspace, wanted.council, wanted.transaction, wanted.name)
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
        differing = [*comparison.different, *comparison.extra, *comparison.missing]
        with workspace.engine.begin() as db:
            db.execute(statement("publish/note_difference"), {**names, "record_ids": differing})
    return comparison


def _described(comparison: Comparison) -> str:
    parts = []
    for what in ("missing", "different", "extra"):
        ids: list[str] = getattr(comparison, what)
        if ids:
            more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
            parts.append(f"{len(ids)} {what} ({', '.join(ids[:_NAMED])}{more})")
    return f"{comparison.transaction} {comparison.data_set}: {', '.join(parts)}"
