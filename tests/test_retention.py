"""Raw files go when their time has come, and nothing else does."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from sqlalchemy import text

from local_digital.errors import ConfigurationError
from local_digital.retention import expire, expire_reports
from local_digital.settings import from_environment
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.conftest import Installation, export, row


def raw_files(installation: Installation) -> int:
    raw = installation.folder.parents[2] / "landing" / "raw"
    return sum(path.is_file() for path in raw.rglob("*"))


def test_raw_files_go_after_the_council_s_retention_and_records_stay(
    installation: Installation, workspace: Workspace
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1")))
    installation.put("missed_bins_20251105.csv", export(row("2")))
    installation.ingest(workspace)
    assert expire(workspace) == []
    with workspace.engine.begin() as db:
        db.execute(
            text("update ledger.delivery set received_at = now() - interval '91 days' where name like '%1104.csv'")
        )
    assert len(expire(workspace, dry_run=True)) == 1
    assert raw_files(installation) == 2
    assert len(expire(workspace)) == 1
    assert raw_files(installation) == 1
    assert expire(workspace) == []
    with workspace.engine.connect() as db:
        assert db.scalar(text("select count(*) from core.record")) == 2


@pytest.mark.parametrize(("content", "kept"), [(None, 0), ("council: [", 1)], ids=["gone", "broken"])
def test_raw_files_of_a_council_that_was_taken_out_go_and_those_of_one_with_a_broken_file_wait(
    installation: Installation, workspace: Workspace, content: str | None, kept: int
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1")))
    installation.ingest(workspace)
    councils = installation.settings.config / "councils"
    (councils / "solihull.yaml").unlink()
    with workspace.engine.begin() as db:
        db.execute(text("update ledger.delivery set received_at = now() - interval '91 days'"))
    # A folder without any file is another one than the councils'.
    assert expire(workspace) == []
    (councils / "another.yaml").write_text("council: [")
    if content:
        (councils / "solihull.yaml").write_text(content)
    expire(workspace)
    assert raw_files(installation) == kept


def test_file_that_nobody_could_read_goes_after_the_council_s_retention_too(
    installation: Installation, workspace: Workspace
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1")))
    installation.take(workspace)
    with workspace.engine.begin() as db:
        db.execute(text("update ledger.delivery set received_at = now() - interval '91 days'"))
    assert len(expire(workspace)) == 1
    assert raw_files(installation) == 0
    # It does not wait for bytes that are gone.
    assert validate(workspace, workspace.feed("solihull", "report-missed-bin")) == []
    with workspace.engine.connect() as db:
        (status, reason) = db.execute(text("select status, rejected_because from ledger.delivery")).one()
    assert status == "rejected"
    assert "read within the 90 days" in reason


def test_bytes_sent_again_after_their_retention_are_still_known(
    installation: Installation, workspace: Workspace
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1")))
    installation.ingest(workspace)
    with workspace.engine.begin() as db:
        db.execute(text("update ledger.delivery set received_at = now() - interval '91 days'"))
    expire(workspace)
    installation.put("missed_bins_20251104.csv", export(row("1")), age=5)
    assert installation.take(workspace).delivery_ids == []
    # They came back with the file, and go with the next housekeeping.
    assert raw_files(installation) == 1
    expire(workspace)
    assert raw_files(installation) == 0


def test_half_written_files_of_killed_runs_go_when_they_are_an_hour_old(
    installation: Installation, workspace: Workspace
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1")))
    installation.ingest(workspace)
    raw = installation.folder.parents[2] / "landing" / "raw" / "ab"
    raw.mkdir(exist_ok=True)
    for name in ("old.part", "young.part"):
        (raw / name).write_text("half")
    os.utime(raw / "old.part", (1_700_000_000, 1_700_000_000))
    expire(workspace)
    assert [path.name for path in raw.glob("*.part")] == ["young.part"]


def test_folder_of_raw_files_is_nobody_else_s_to_read(installation: Installation, workspace: Workspace) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1")))
    installation.ingest(workspace)
    assert (installation.folder.parents[2] / "landing").stat().st_mode & 0o077 == 0


def test_raw_files_below_a_folder_that_is_open_to_all_are_nobody_else_s_to_read(
    installation: Installation, workspace: Workspace
) -> None:
    landing = installation.folder.parents[2] / "landing"
    landing.mkdir(mode=0o755)
    installation.put("missed_bins_20251104.csv", export(row("1")))
    installation.ingest(workspace)
    assert {path.name: path.stat().st_mode & 0o007 for path in landing.iterdir()} == {
        "accepted": 0, "raw": 0, "validations": 0,
    }  # fmt: skip


def test_bytes_that_came_back_bring_no_others_back(installation: Installation, workspace: Workspace) -> None:
    for night in ("04", "05"):
        installation.put(f"missed_bins_202511{night}.csv", export(row(night)))
    installation.ingest(workspace)
    with workspace.engine.begin() as db:
        db.execute(text("update ledger.delivery set received_at = now() - interval '91 days'"))
    expire(workspace)
    installation.put("missed_bins_20251104.csv", export(row("04")), age=5)
    installation.take(workspace)
    with workspace.engine.begin() as db:
        there = db.scalars(text("select name from ledger.delivery where raw_removed_at is null")).all()
    assert there == ["missed_bins_20251104.csv"]


def test_bytes_that_two_deliveries_share_go_when_both_are_past_their_retention(
    installation: Installation, workspace: Workspace
) -> None:
    for night in ("04", "05"):
        installation.put(f"missed_bins_202511{night}.csv", export(row("1")))
    installation.ingest(workspace)
    age = text("update ledger.delivery set received_at = now() - interval '91 days' where name like :name")
    with workspace.engine.begin() as db:
        db.execute(age, {"name": "%1104.csv"})
    assert expire(workspace) == []
    assert raw_files(installation) == 1
    with workspace.engine.begin() as db:
        db.execute(age, {"name": "%"})
    assert len(expire(workspace)) == 2
    assert raw_files(installation) == 0


def test_error_reports_of_all_but_the_newest_deliveries_go_and_are_not_written_or_sent_again(
    installation: Installation, workspace: Workspace
) -> None:
    for night in range(1, 5):
        installation.put(f"missed_bins_2025110{night}.csv", export(row(str(night)), row("x", "31/02/2025 10:00")))
    installation.ingest(workspace)
    reports = installation.folder.parents[2] / "landing" / "reports" / "solihull" / "report-missed-bin"
    # As if the first had been sent.
    (reports / "1.sent").write_text("where")
    few = replace(workspace, settings=replace(workspace.settings, pages_kept=3))
    assert expire_reports(workspace) == []
    assert expire_reports(few, dry_run=True) == [1]
    assert len(list(reports.glob("1.*"))) == 3
    assert expire_reports(few) == [1]
    assert sorted({path.name.partition(".")[0] for path in reports.iterdir()}) == ["2", "3", "4"]
    assert expire_reports(few) == []


def test_downloads_that_nobody_came_back_for_go(installation: Installation, workspace: Workspace) -> None:
    spool = installation.settings.spool
    spool.mkdir(exist_ok=True)
    for name in ("old.partial", "young.partial"):
        (spool / name).write_text("half")
    os.utime(spool / "old.partial", (1_700_000_000, 1_700_000_000))
    expire(workspace, dry_run=True)
    assert len(list(spool.iterdir())) == 2
    expire(workspace)
    assert [path.name for path in spool.glob("*.partial")] == ["young.partial"]


def test_faults_go_when_they_were_mended_long_ago(installation: Installation, workspace: Workspace) -> None:
    del installation
    with workspace.engine.begin() as db:
        for run_id, days in (("open", None), ("young", 399), ("old", 401)):
            db.execute(
                text(
                    "insert into ledger.fault "
                    "(council, run_id, transaction, step, error, kind, place, expected, found, action, mended_at) "
                    "values ('a', :run_id, 'b', 'load', 'E', 'data', '', '', '', '', "
                    "now() - make_interval(days => :days))"
                ),
                {"run_id": run_id, "days": days},
            )
    expire(workspace)
    with workspace.engine.connect() as db:
        assert db.scalars(text("select run_id from ledger.fault order by 1")).all() == ["open", "young"]


@pytest.mark.parametrize("value", ["9", "-1", "many", "1.5"])
def test_too_few_pages_or_no_number_are_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="LOCAL_DIGITAL_PAGES_KEPT: expected a whole number, 10 or more"):
        from_environment({"LOCAL_DIGITAL_PAGES_KEPT": value})
    assert from_environment({"LOCAL_DIGITAL_PAGES_KEPT": ""}).pages_kept == 60
    assert from_environment({"LOCAL_DIGITAL_PAGES_KEPT": "10"}).pages_kept == 10
