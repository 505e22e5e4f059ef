"""Raw files go when their time has come, and nothing else does."""

from __future__ import annotations

import os

from sqlalchemy import text

from local_digital.retention import expire
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
