"""Six councils of every kind, from their exports to what they have released."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING, Any

from local_digital.publishing.data_sets import released
from local_digital.publishing.open_figures import open_to_public
from tests.anywhere import FEED, Anywhere
from tests.kpis.exports import counts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_digital.workspace import Workspace

WEEKS = tuple(dt.date(2025, 11, 3) + dt.timedelta(weeks=number) for number in range(4))
UNTIL = dt.date(2025, 12, 1)
# Withheld, since the one small count of the same week is known to whoever subtracts it from all.
PLANTED = 70_123
FORMULA = '=HYPERLINK("https://example.org","Click")'
# Words of a council: what spreadsheets and CSV stumble over.
WARDS = (FORMULA, "+44 Road", "-Dash", "'Tis Hill", 'St Mary\'s, "Old" Town', "Llŷn", "Never")
DATA_SETS = {
    "missed-bin-by-ward": {}, "missed-bin-by-stream": {}, "transactions-by-channel": {}, "digital-takeup": {},
}  # fmt: skip

Count = tuple[dt.date, str, str, str, int]


def counts(number: int) -> list[Count]:
    """Counts of a council by week, channel, ward and bin type; the ward `Never` has none at all."""
    found: list[Count] = []
    for week_number, week in enumerate(WEEKS):
        for ward_number, ward in enumerate(WARDS[:-1]):
            found += [
                (week, channel, ward, "refuse", (ward_number + 2) * 10 + week_number + number + more)
                for channel, more in (("online", 9), ("phone", 3))
            ]
        found.append((week, "online", "Never", "refuse", 0))
    return found


def release(workspace: Workspace) -> None:
    """Fill an empty, migrated warehouse: four councils release, one does not, one does not collect bins."""
    _council(workspace, "devon", "E10000008", "county", transaction="renew-library-book")
    _council(workspace, "bedford", "E06000055", rows=counts(4), publish=False)
    _council(workspace, "bath", "E06000022", rows=counts(1), name='Bath, "Spa" & Council')
    _council(workspace, "fife", "S12000015", rows=counts(2), bank_holidays="scotland")
    _council(workspace, "barnsley", "E08000038", "metropolitan", rows=counts(3))
    small = [
        (week, "online", ward, "refuse", count) for week in WEEKS for ward, count in (("Big", PLANTED), ("Few", 3))
    ]
    _council(workspace, "bury", "E08000002", "metropolitan", rows=small, compare_with={"all-of-us": ["bath", "fife"]})


def _council(
    workspace: Workspace, slug: str, gss_code: str, tier: str = "unitary", *,
    rows: Iterable[Count] = (), publish: bool = True, transaction: str = FEED, **facts: Any,
) -> None:  # fmt: skip
    facts = {"name": f"{slug.title()} Council", **facts}
    anywhere = Anywhere(
        workspace, workspace.settings.config.parent, transaction, council=slug, gss_code=gss_code, tier=tier, **facts
    )
    if transaction != FEED:
        anywhere.configure(**counts_of(transaction, "week", ()))
        return
    feed = anywhere.configure(**counts_of(FEED, "week", ("ward", "stream")), publish=DATA_SETS)
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["period", "channel", "ward", "stream", "count"])
    writer.writerows((week.isoformat(), *labels, count) for week, *labels, count in rows)
    (report,) = anywhere.ingest(feed, (f"{UNTIL:%Y%m%d}.csv", written.getvalue()))
    assert (report.rejected_because, report.quarantined) == (None, 0), report
    if publish:
        with workspace.engine.begin() as db:
            open_to_public(db, feed, released(db, feed, run_id="test"), run_id="test")
