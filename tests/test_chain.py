"""The whole chain on real servers: the figures at the platform equal the sample council's truth."""

from __future__ import annotations

import datetime as dt
import importlib
from typing import Any

import pytest
from sqlalchemy import text

from demo.case_system import CaseSystem
from demo.council import lay_out, resend_corrected
from local_digital.aggregate import aggregate
from local_digital.errors import ReconciliationError
from local_digital.load import load
from local_digital.publishing.data_sets import client
from local_digital.publishing.publish import publish
from local_digital.publishing.reconcile import reconcile
from local_digital.sql import statement as sql_statement
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.conftest import Installation, export, row

PUBLISHED = {"Phone": ("phone", "phone-automated"), "Digital": ("online", "app"), "FaceToFace": ("face-to-face",)}


def monday(value: str) -> dt.date:
    return dt.datetime.fromisoformat(value).date()


def night(installation: Installation, workspace: Workspace, run_id: str = "run") -> list[dict[str, Any]]:
    installation.ingest(workspace)
    report = publish(workspace, "solihull", run_id=run_id)
    reconcile(workspace, "solihull", run_id=run_id)
    return [plan.as_json() for plan in report.plans]


def test_figures_at_the_platform_equal_the_truth_week_by_week_and_ward_by_ward(
    installation: Installation, workspace: Workspace
) -> None:
    system = CaseSystem()
    root = installation.folder.parents[1]
    lay_out(root, system)
    night(installation, workspace, "first")
    resend_corrected(root, system)
    night(installation, workspace, "second")

    weeks = {"period": "week", "start_at": "2025-10-06T00:00:00Z", "end_at": "2026-04-06T00:00:00Z"}
    truth = system.truth.by_week_and_channel()
    expected: dict[tuple[dt.date, str], int] = {}
    for (week, channel), count in truth.items():
        shown = next((name for name, channels in PUBLISHED.items() if channel in channels), "Other")
        expected[week, shown] = expected.get((week, shown), 0) + count
    by_channel = {
        (monday(value["_start_at"]), group["channel"]): int(value["count:sum"])
        for group in installation.ask("transactions-by-channel", group_by="channel", collect="count:sum", **weeks)
        for value in group["values"]
    }
    assert len({week for week, _ in by_channel}) == 26
    assert {key: count for key, count in by_channel.items() if count} == {k: v for k, v in expected.items() if v}

    by_ward = {
        (monday(value["_start_at"]), value["ward"]): value["missed_bins:sum"]
        for value in installation.ask(
            "missed-bin-by-ward", group_by="ward", collect="missed_bins:sum", flatten="true", **weeks
        )
    }
    # Without a record the platform has no sum: such a ward's week is withheld, and not zero.
    shown = {key: int(count) for key, count in by_ward.items() if count is not None}
    wards = system.truth.by_week_and_ward()
    assert shown == {key: wards.get(key, 0) for key in shown}
    assert not [count for count in shown.values() if 0 < count < 5]
    assert 0 < len(shown) < len(by_ward)
    small = {key for key, count in wards.items() if 0 < count < 5}
    assert small
    assert not small & shown.keys()

    rates = {monday(str(record["_timestamp"])): record["rate"] for record in installation.ask("digital-takeup")}
    for week, rate in rates.items():
        total = sum(count for (start, _), count in expected.items() if start == week)
        assert rate == round(expected[week, "Digital"] / total, 6)
    assert len(rates) == 26

    with workspace.engine.connect() as db:
        counts = {
            found.name: (found.rows_read, found.duplicates, found.quarantined)
            for found in db.execute(text("select * from ledger.delivery where superseded_by is null"))
        }
    assert counts == {
        name: (rows.rows, rows.exact_duplicates, rows.quarantined) for name, rows in system.truth.rows.items()
    }


def test_night_without_news_sends_nothing(installation: Installation, workspace: Workspace) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1", "08/10/2025 10:00")))
    assert sum(int(plan["new"]) for plan in night(installation, workspace)) > 0
    for plan in night(installation, workspace, "second"):
        assert (plan["new"], plan["changed"], plan["withdrawn"]) == (0, 0, 0)


def test_only_changed_weeks_are_sent_again(installation: Installation, workspace: Workspace) -> None:
    rows = [row(str(number), f"{day}/10/2025 10:00") for number, day in enumerate(["08", "15", "22"])]
    installation.put("missed_bins_20251104.csv", export(*rows))
    night(installation, workspace)
    installation.put("missed_bins_20251105.csv", export(*rows, row("9", "16/10/2025 10:00")))
    by_channel = next(
        plan for plan in night(installation, workspace, "second") if plan["data_set"] == "transactions-by-channel"
    )
    assert (by_channel["new"], by_channel["changed"], by_channel["withdrawn"]) == (0, 1, 0)


def test_unfinished_weeks_are_not_published(installation: Installation, workspace: Workspace) -> None:
    installation.put("missed_bins_20251015.csv", export(row("1", "08/10/2025 10:00"), row("2", "14/10/2025 10:00")))
    night(installation, workspace)
    assert {record["_timestamp"][:10] for record in installation.ask("transactions-by-channel")} == {"2025-10-06"}


def test_ward_that_only_a_wrong_file_named_is_withdrawn_from_the_platform(
    installation: Installation, workspace: Workspace
) -> None:
    name = "missed_bins_20251104.csv"
    installation.put(name, export(row("1", "08/10/2025 10:00", ward="Blyht")))
    night(installation, workspace)
    installation.put(name, export(row("1", "08/10/2025 10:00")), age=5)
    night(installation, workspace, "second")
    assert {record["ward"] for record in installation.ask("missed-bin-by-ward")} == {"Blythe"}


def test_records_changed_on_the_platform_are_found_and_repaired(
    installation: Installation, workspace: Workspace
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1", "08/10/2025 10:00"), row("2", "15/10/2025 10:00")))
    night(installation, workspace)
    council = workspace.council("solihull")
    with_hands = client(workspace, council, "report-missed-bin", "missed-bin-by-ward")
    first, second, *_ = with_hands.read_all()
    with_hands.delete(str(first["_id"]))
    stray = {**second, "_id": "stray", "ward": "Nowhere"}
    list(with_hands.send([{**second, "missed_bins": 77}, stray]))
    with pytest.raises(ReconciliationError, match=r"1 missing.*1 different.*1 extra"):
        reconcile(workspace, "solihull", run_id="look")
    publish(workspace, "solihull", run_id="repair")
    assert all(comparison.agrees for comparison in reconcile(workspace, "solihull", run_id="look").comparisons)


def test_dry_run_sends_nothing(installation: Installation, workspace: Workspace) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1", "08/10/2025 10:00")))
    installation.ingest(workspace)
    report = publish(workspace, "solihull", run_id="dry", dry_run=True)
    assert not report.sent
    assert any(plan.new for plan in report.plans)
    assert installation.ask("transactions-by-channel") == []


class Killed(BaseException):
    """Stands for kill -9: nothing catches it, nothing cleans up."""


STEPS = ("extract", "validate", "load", "aggregate", "publish", "reconcile")
FILES = {
    "missed_bins_20251104.csv": export(row("1", "08/10/2025 10:00"), row("2", "31/02/2026 10:00")),
    "missed_bins_20251105.csv": export(row("1", "08/10/2025 10:00", "04/11/2025 09:00"), row("3", "15/10/2025 11:00")),
}


def run_steps(installation: Installation, workspace: Workspace, *, stop_after: str | None = None) -> None:
    feed = workspace.feed("solihull", "report-missed-bin")
    calls = {
        "extract": lambda: installation.take(workspace),
        "validate": lambda: validate(workspace, feed),
        "load": lambda: load(workspace, feed),
        "aggregate": lambda: aggregate(workspace, "solihull"),
        "publish": lambda: publish(workspace, "solihull", run_id="run"),
        "reconcile": lambda: reconcile(workspace, "solihull", run_id="run"),
    }
    assert tuple(calls) == STEPS
    for name, call in calls.items():
        call()
        if name == stop_after:
            raise Killed


def state(installation: Installation, workspace: Workspace) -> dict[str, list[str]]:
    queries = {
        # Label numbers may skip after a kill; the words are what must be the same.
        "records": "select record_ref, reported_at, closed_at, encode(premises_key, 'hex'), line, "
        "(select array_agg(label order by field) from core.label "
        "where label_id in (channel, status, ward, stream)) from core.record order by 1",
        "deliveries": "select name, sha256, status, rows_read, accepted, quarantined, duplicates, inserted, updated "
        "from ledger.delivery order by delivery_id",
        "quarantine": "select line, rule, column_name from ledger.quarantine order by delivery_id, line",
        "expectations": "select expectation, column_name, success, failed from ledger.expectation_result "
        "order by delivery_id, position",
        "volume": "select * from marts.volume order by 1, 2, 3, 4, 5, 6, across, across_label",
        "kpi": "select * from marts.kpi order by 1, 2, 3, 4, 5, 6, label",
        "publication": "select data_set, record_id, payload_hash from ledger.publication order by 1, 2",
        "stale": "select * from ledger.stale_day",
    }
    with workspace.engine.connect() as db:
        found = {name: [str(tuple(row)) for row in db.execute(text(query))] for name, query in queries.items()}
    for data_set in installation.tokens:
        records = client(workspace, workspace.council("solihull"), "report-missed-bin", data_set).read_all()
        found[data_set] = sorted(str(sorted(record.items(), key=str)) for record in records)
    return found


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, dict[str, list[str]]]:
    return {}


@pytest.mark.parametrize("step", [None, *STEPS])
def test_killed_between_any_two_steps_and_run_again_gives_the_same_state(
    installation: Installation,
    workspace: Workspace,
    undisturbed: dict[str, dict[str, list[str]]],
    step: str | None,
) -> None:
    for name, content in FILES.items():
        installation.put(name, content)
    if step:
        with pytest.raises(Killed):
            run_steps(installation, workspace, stop_after=step)
    run_steps(installation, workspace)
    reached = state(installation, workspace)
    assert reached["stale"] == []
    assert undisturbed.setdefault("state", reached) == reached


@pytest.mark.parametrize("statement", ["load/mark_loaded", "load/merge_records", "ledger/mark_validated",
                                       "ledger/add_quarantine", "ledger/note_sighting", "marts/volume",
                                       "marts/kpi_digital_takeup", "publish/note_sent"])  # fmt: skip
def test_killed_inside_a_step_and_run_again_gives_the_same_state(
    installation: Installation,
    workspace: Workspace,
    undisturbed: dict[str, dict[str, list[str]]],
    statement: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, content in FILES.items():
        installation.put(name, content)
    modules = [
        importlib.import_module(f"local_digital.{name}")
        for name in ("aggregate", "deliveries", "load", "validate", "publishing.publish")
    ]

    def fatal(name: str) -> Any:
        if name == statement:
            raise Killed
        return sql_statement(name)

    with monkeypatch.context() as patched:
        for module in modules:
            patched.setattr(module, "statement", fatal)
        with pytest.raises(Killed):
            run_steps(installation, workspace)
    run_steps(installation, workspace)
    reached = state(installation, workspace)
    assert undisturbed.setdefault("state", reached) == reached
