"""Whether a feed keeps its rhythm: when its next delivery is due, and what to call it when that has not come."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Literal

from local_digital.calendar import local_day, midnight, period_end, period_start
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection as Database

    from local_digital.config.models import Council, Feed

Cadence = Literal["nightly", "weekly", "monthly"]
State = Literal["on time", "late", "rejected", "no delivery yet"]

_COUNTS = ("deliveries", "rejected", "rows_read", "accepted", "quarantined", "duplicates", "filtered", "published")
_DAY = dt.timedelta(days=1)
# Exports slip over a weekend; a month's figures take their time to be closed.
_GRACE = {"nightly": 2 * _DAY, "weekly": 2 * _DAY, "monthly": 7 * _DAY}


def late_from(cadence: Cadence, complete_until: dt.datetime) -> dt.datetime:
    """Return the moment (a London midnight) from which a feed is late: a period and some grace after what it has.

    complete_until: up to when (aware) its newest loaded delivery is complete.
    """
    has = local_day(complete_until)
    if cadence == "monthly":
        first = period_end("month", period_start("month", has))
        # A month after the 31st of January is the last day of February.
        due = min(first + dt.timedelta(days=has.day - 1), period_end("month", first) - _DAY)
    else:
        due = has + (7 * _DAY if cadence == "weekly" else _DAY)
    return midnight(due + _GRACE[cadence])


def state(
    cadence: Cadence,
    *,
    complete_until: dt.datetime | None,
    newest_status: str | None,
    ends: dt.date | None,
    as_of: dt.datetime,
) -> State:
    """Return what to call a feed as of a moment (aware).

    complete_until: as in `late_from`, None before the first loaded delivery. newest_status: of the newest delivery in
    the ledger, whatever became of it. ends: the last local day that the feed covers, for one that has come to an end.
    """
    if newest_status == "rejected":
        return "rejected"
    if complete_until is None:
        return "no delivery yet"
    if ends is not None and local_day(complete_until) > ends:
        return "on time"
    return "late" if as_of >= late_from(cadence, complete_until) else "on time"


def is_late(feed: Feed, complete_until: dt.datetime | None, as_of: dt.datetime) -> bool:
    """Say whether a feed is late, whatever became of its newest delivery; arguments as in `state`."""
    return (
        state(feed.cadence, complete_until=complete_until, newest_status=None, ends=feed.covers_until, as_of=as_of)
        == "late"
    )


def feed_states(db: Database, councils: Iterable[Council], as_of: dt.datetime) -> list[dict[str, Any]]:
    """Return every feed of the councils, as `status/feeds` has it, with its cadence, its state and `late_from`.

    A feed that has never run is there too. as_of: aware.
    """
    rows = []
    for council in sorted(councils, key=lambda each: each.council):
        known = db.execute(statement("status/feeds"), {"council": council.council})
        in_ledger: dict[str, dict[str, Any]] = {row["transaction"]: dict(row) for row in known.mappings()}
        for transaction, feed in sorted(council.feeds.items()):
            row = in_ledger.get(transaction) or _never_run(known.keys(), council.council, transaction)
            loaded_until = row["loaded_until"]
            row["cadence"] = feed.cadence
            row["state"] = state(
                feed.cadence,
                complete_until=loaded_until,
                newest_status=row["last_status"],
                ends=feed.covers_until,
                as_of=as_of,
            )
            row["late_from"] = late_from(feed.cadence, loaded_until) if loaded_until else None
            rows.append(row)
    return rows


def _never_run(names: Iterable[str], council: str, transaction: str) -> dict[str, Any]:
    counts = dict.fromkeys(_COUNTS, 0)
    return {**dict.fromkeys(names), **counts, "council": council, "transaction": transaction}
