"""load: newer information wins, whatever the order of arrival; a correction leaves no trace of the first version."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import text

from local_digital.aggregate import aggregate
from local_digital.load import load
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.conftest import Installation, export, row

NIGHTS = {
    "missed_bins_20251104.csv": export(row("1"), row("2"), row("3", ward="Olton")),
    "missed_bins_20251105.csv": export(row("1", closed="04/11/2025 09:00", status="Closed"), row("2"), row("4")),
    "missed_bins_20251106.csv": export(row("2", ward="Elmdon"), row("4"), row("5")),
}


def records(workspace: Workspace) -> list[tuple[object, ...]]:
    with workspace.engine.connect() as db:
        rows = db.execute(
            text(
                "select record_ref, reported_at, closed_at, channel.label, status.label, ward.label from core.record "
                "join core.label channel on channel.label_id = channel "
                "left join core.label status on status.label_id = status "
                "left join core.label ward on ward.label_id = ward order by record_ref"
            )
        )
        return [tuple(found) for found in rows]


def figures(workspace: Workspace) -> list[tuple[object, ...]]:
    with workspace.engine.connect() as db:
        rows = db.execute(text("select * from marts.volume order by 1, 2, 3, 4, 5, 6, across, across_label")).all()
        rows += db.execute(text("select * from marts.kpi order by 1, 2, 3, 4, 5, 6, label")).all()
        return [tuple(found) for found in rows]


@pytest.fixture
def in_order(installation: Installation, workspace: Workspace) -> tuple[list[tuple[object, ...]], ...]:
    for name, content in NIGHTS.items():
        installation.put(name, content)
        installation.ingest(workspace)
    state = records(workspace), figures(workspace)
    with workspace.engine.begin() as db:
        db.execute(
            text(
                "truncate core.record, marts.volume, marts.kpi, ledger.stale_day, ledger.sighting, "
                "ledger.expectation_result, ledger.quarantine, ledger.delivery cascade"
            )
        )
    for name in NIGHTS:
        (installation.folder / name).unlink()
    return state


@pytest.mark.parametrize(
    "order", list(itertools.permutations(NIGHTS)), ids=lambda order: "-".join(n[-6:-4] for n in order)
)
def test_nights_in_any_order_give_the_same_records_and_figures(
    installation: Installation, workspace: Workspace, in_order: object, order: tuple[str, ...]
) -> None:
    for name in order:
        installation.put(name, NIGHTS[name])
        installation.ingest(workspace)
    assert (records(workspace), figures(workspace)) == in_order


def test_corrected_file_leaves_no_trace_of_the_first_version(installation: Installation, workspace: Workspace) -> None:
    night = "missed_bins_20251105.csv"
    installation.put("missed_bins_20251104.csv", export(row("1"), row("2", ward="Olton")))
    installation.ingest(workspace)
    installation.put(night, export(row("2", ward="Elmdon"), row("99", ward="Wrong"), row("3", ward="Wrong")))
    installation.ingest(workspace)
    assert [found[0] for found in records(workspace)] == ["1", "2", "3", "99"]
    installation.put(night, export(row("3", ward="Right")), age=5)
    installation.ingest(workspace)
    assert [(found[0], found[5]) for found in records(workspace)] == [("1", "Blythe"), ("2", "Olton"), ("3", "Right")]
    with workspace.engine.connect() as db:
        superseded = db.execute(text("select superseded_by from ledger.delivery order by delivery_id")).scalars().all()
        wards = db.scalars(
            text("select label from marts.volume where breakdown = 'ward' and period_kind = 'week'")
        ).all()
    assert superseded == [None, 3, None]
    assert sorted(wards) == ["Blythe", "Olton", "Right"]


def test_file_that_is_sent_otherwise_and_then_as_it_was_at_first_is_taken_each_time(
    installation: Installation, workspace: Workspace
) -> None:
    night = "missed_bins_20251104.csv"
    first, second = export(row("1", ward="First")), export(row("1", ward="Second"), row("2"))
    for age, content in ((300, first), (200, second), (100, first), (90, first), (80, second), (70, first)):
        installation.put(night, content, age=age)
        installation.ingest(workspace)
    assert [(found[0], found[5]) for found in records(workspace)] == [("1", "First")]
    with workspace.engine.connect() as db:
        assert db.scalar(text("select count(*) from ledger.delivery")) == 5


def test_case_that_vanishes_from_a_later_export_stays(installation: Installation, workspace: Workspace) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1"), row("2")))
    installation.put("missed_bins_20251105.csv", export(row("2")))
    installation.ingest(workspace)
    assert [found[0] for found in records(workspace)] == ["1", "2"]


def test_loading_again_writes_nothing(installation: Installation, workspace: Workspace) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1")))
    installation.ingest(workspace)
    report = load(workspace, workspace.feed("solihull", "report-missed-bin"))
    assert report.delivery_ids == []
    assert aggregate(workspace, "solihull").periods == {"report-missed-bin": 0}


def test_late_closure_touches_only_its_own_periods(installation: Installation, workspace: Workspace) -> None:
    installation.put("missed_bins_20251201.csv", export(row("1", "07/10/2025 10:00"), row("2", "05/11/2025 10:00")))
    installation.ingest(workspace)
    installation.put(
        "missed_bins_20251202.csv",
        export(row("1", "07/10/2025 10:00"), row("2", "05/11/2025 10:00", "20/11/2025 10:00", status="Closed")),
    )
    installation.take(workspace)
    feed = workspace.feed("solihull", "report-missed-bin")
    validate(workspace, feed)
    load(workspace, feed)
    with workspace.engine.connect() as db:
        days = [str(day) for day in db.scalars(text("select day from ledger.stale_day order by day"))]
    assert days == ["2025-11-05"] + [f"2025-11-{day}" for day in range(21, 31)] + ["2025-12-01"]
