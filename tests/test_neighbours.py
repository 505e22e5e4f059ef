"""Two councils with the same references, days and words: what one of them sends changes nothing of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for
from tests.test_delivery_kinds import COUNTS, EVENTS, NIGHTS, RECORDS, counts, events, weeks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_CASES = {**RECORDS, "columns": {**EVENTS["columns"], "reported_at": {"from": "At", "formats": ["iso"]}}}
del _CASES["columns"]["event_at"]
# Each: the facts of the feed, and nights of which the last but one comes late and the last is sent again corrected.
_KINDS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "snapshot": (
        _CASES,
        [
            ("bins_20251105.csv", events("1,2025-11-03T09:00,Open,Web,A", "2,2025-11-04T10:00,Open,Phone,A")),
            ("bins_20251118.csv", events("1,2025-11-03T09:00,Closed,Web,A", "2,2025-11-04T10:00,Open,Phone,B")),
            ("bins_20251106.csv", events("1,2025-11-03T09:00,Open,Web,B", "2,2025-11-04T10:00,Duplicate,Phone,B")),
            ("bins_20251118.csv", events("1,2025-11-02T09:00,Closed,Web,A", "2,2025-11-04T10:00,Open,Web,B")),
        ],
    ),
    "event_log": (
        EVENTS,
        [NIGHTS[0], ("bins_20251118.csv", NIGHTS[2][1]), NIGHTS[1], ("bins_20251118.csv", NIGHTS[3][1])],
    ),
    "aggregate": (
        COUNTS,
        [
            ("bins_20251111.csv", counts("2025-11-03,Web,12", "2025-11-03,Phone,5")),
            ("bins_20251125.csv", counts("2025-11-03,Web,17", "2025-11-10,Web,8", "2025-11-17,Web,0")),
            ("bins_20251118.csv", counts("2025-11-03,Web,1", "2025-11-10,Web,7")),
            ("bins_20251125.csv", counts("2025-11-10,Phone,9", "2025-11-17,Web,3")),
        ],
    ),
}
_TOLD = {
    "records": """
        select record.record_ref, reported_at, closed_at, count, line, delivery.name,
            (select label from core.label where label_id = record.channel) as channel,
            (select label from core.label where label_id = record.status) as status,
            (select label from core.label where label_id = record.ward) as ward
        from core.record inner join ledger.delivery using (delivery_id)
        inner join ledger.feed on record.feed_id = feed.feed_id where council = :council order by 1
    """,
    "events": """
        select event.record_ref, event_at, line, delivery.name,
            (select label from core.label where label_id = event.channel) as channel
        from core.event inner join ledger.delivery using (delivery_id)
        inner join ledger.feed on event.feed_id = feed.feed_id where council = :council order by 1, 2, 3, 4
    """,
    "volumes": """
        select period_kind, period_start, breakdown, label, reports, basis from marts.volume
        where council = :council order by 1, 2, 3, 4
    """,
    "kpis": """
        select period_kind, period_start, kpi, version, label, numerator, denominator, value, basis, caveats
        from marts.kpi where council = :council order by 1, 2, 3, 4, 5
    """,
    "deliveries": """
        select name, delivery.status, rows_read, accepted, quarantined, duplicates, inserted, updated, unchanged,
            withdrawn, superseded_by is null as stands
        from ledger.delivery inner join ledger.feed using (feed_id) where council = :council order by delivery_id
    """,
}


@pytest.fixture
def workspace(warehouse_url: str, tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(settings_for(warehouse_url, tmp_path)) as opened:
        yield opened


def told(workspace: Workspace, council: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is known of a council, without numbers that only the order of arrival gives."""
    with workspace.engine.connect() as db:
        return {
            name: [tuple(row) for row in db.execute(text(query), {"council": council})] for name, query in _TOLD.items()
        }


@pytest.mark.parametrize("kind", _KINDS)
def test_what_a_council_sends_changes_nothing_of_its_neighbour_and_takes_nothing_from_it(
    workspace: Workspace, tmp_path: Path, kind: str
) -> None:
    facts, nights = _KINDS[kind]
    first, second, third, backwards, ahead = (
        Anywhere(workspace, tmp_path, council=name, gss_code=f"E0600000{number}")
        for number, name in enumerate(("first", "second", "third", "backwards", "ahead"), 1)
    )
    for night in nights:
        first.ingest(first.configure(**facts), night)
    alone = told(workspace, "first")
    assert all(alone[name] for name in alone.keys() - {"events"})
    assert "full" in {row[-1] for row in alone["volumes"]}

    for night in nights:
        second.ingest(second.configure(**facts), night)
    # One of them is a year further.
    later = [(name.replace("2025", "2026"), content.replace("2025-11", "2026-11")) for name, content in nights]
    if kind == "aggregate":
        # Counts are of whole weeks.
        later = [(later[0][0], nights[0][1])]
    ahead.ingest(ahead.configure(**facts), *later[:2])
    for night, other in zip(nights, reversed(nights), strict=True):
        third.ingest(third.configure(**facts), night)
        backwards.ingest(backwards.configure(**facts), other)
    assert {council: told(workspace, council) for council in ("first", "second", "third")} == {
        "first": alone, "second": alone, "third": alone,
    }  # fmt: skip


def test_file_sent_again_that_ends_earlier_leaves_its_weeks_open_however_far_the_neighbour_is(
    workspace: Workspace, tmp_path: Path
) -> None:
    first = Anywhere(workspace, tmp_path, council="first", gss_code="E06000001")
    ahead = Anywhere(workspace, tmp_path, council="ahead", gss_code="E06000002")
    facts = {**RECORDS, "covers_from": "2025-09-01"}
    rows = ["1,2025-09-02,Web", "2,2025-12-05,Web"]
    whole, shorter = ("\n".join(["Ref,Opened,How", *sent, ""]) for sent in (rows, rows[:1]))
    ahead.ingest(ahead.configure(**facts), ("bins_20251215.csv", f"{whole}3,2025-12-12,Web\n"))
    feed = first.configure(**facts)
    first.ingest(feed, ("bins_20251208.csv", whole))
    first.ingest(feed, ("bins_20251208.csv", shorter))
    assert weeks(first) == {}
    assert len(weeks(ahead)) == 15
