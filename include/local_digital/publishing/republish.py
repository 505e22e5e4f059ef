"""republish: have the next publish send the records of some periods again, whatever the ledger believes of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from local_digital.calendar import period_end
from local_digital.publishing.publish import doubt, held_records
from local_digital.publishing.rebuild import publishable
from local_digital.roles import PUBLISHER, acting_as

if TYPE_CHECKING:
    from local_digital.publishing.records import Record
    from local_digital.workspace import Workspace


@dataclass(frozen=True)
class RepublishReport:
    """records: how many of those that the sink holds will be sent again. new: how many will be sent anyway, since it
    does not hold them. first, last: the days on which the earliest and the latest of their periods begin.
    """

    records: int
    new: int
    first: dt.date | None
    last: dt.date | None

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@acting_as(PUBLISHER)
def republish(  # noqa: PLR0913 - a data set and a range of days
    workspace: Workspace,
    council: str,
    data_set: str,
    *,
    first: dt.date,
    last: dt.date,
    run_id: str,
    transaction: str | None = None,
    dry_run: bool = False,
) -> RepublishReport:
    """Doubt the records of all periods that share a day with `first` to `last` (local days, both included).

    Nothing is sent here, and nothing but what is signed off is doubted. transaction: where several feeds of the council
    publish a data set of this name. Raises ConfigurationError when there is no such data set, or nothing of it may be
    published.
    """
    # Only looked at: what is released to the public is for publish to decide.
    wanted = publishable(workspace, council, data_set, run_id=None, transaction=transaction)
    days = {key: day for key, record in wanted.records.items() if (day := _begins(record, first, last))}
    held = held_records(workspace, wanted).keys() & days.keys()
    if held and not dry_run:
        doubt(workspace, {**wanted.names, "run_id": run_id}, sorted(held))
    return RepublishReport(
        len(held), len(days) - len(held), min(days.values(), default=None), max(days.values(), default=None)
    )


def _begins(record: Record, first: dt.date, last: dt.date) -> dt.date | None:
    """Return the day on which a record's period begins; None when the period shares no day with the range."""
    begins = dt.datetime.fromisoformat(str(record["_timestamp"])).date()
    kind = str(record.get("period", "hour"))
    ends = begins + dt.timedelta(days=1) if kind == "hour" else period_end(kind, begins)
    return begins if begins <= last and first < ends else None
