"""validate accounts for every row and lets nothing personal through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from local_digital import validate as validating
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.conftest import HEADER, Installation, export, row

NIGHT = "missed_bins_20251104.csv"


def quarantine(workspace: Workspace) -> list[tuple[int, str, str]]:
    with workspace.engine.connect() as db:
        rows = db.execute(text("select line, rule, column_name from ledger.quarantine order by line, rule"))
        return [tuple(found) for found in rows]


def test_every_row_read_is_accepted_quarantined_or_a_duplicate(
    installation: Installation, workspace: Workspace
) -> None:
    installation.put(
        NIGHT,
        export(
            row("1"),
            row("2", "31/02/2026 10:00"),
            row("1"),
            row("3", closed="01/11/2025 09:00"),
            row("", ward="Elmdon"),
            "4,03/11/2025 10:15",
            row("5", "04/12/2030 10:00"),
            row("6", '"03/11/2025 10:15"'),
        ),
    )
    (report,) = installation.ingest(workspace)
    assert (report.read, report.accepted, report.quarantined, report.duplicates) == (8, 2, 5, 1)
    assert quarantine(workspace) == [
        (3, "no_such_time", "Date Reported"),
        (5, "expect_column_pair_values_a_to_be_greater_than_b", "Date Closed"),
        (6, "expect_column_values_to_not_be_null", "Case Ref"),
        (7, "ragged_row", ""),
        (8, "expect_column_values_to_be_between", "Date Reported"),
    ]


def test_rows_that_spell_their_premises_otherwise_are_duplicates_all_the_same(
    installation: Installation, workspace: Workspace
) -> None:
    installation.put(NIGHT, export(row("1", uprn="100070000001"), row("2", uprn=""), row("1", uprn="0100070000001")))
    (report,) = installation.ingest(workspace)
    assert (report.read, report.accepted, report.duplicates) == (3, 2, 1)


def test_line_numbers_count_line_breaks_inside_cells(installation: Installation, workspace: Workspace) -> None:
    notes = ',Ann,"1 Oak, Road",a@example.org,"left\r\nby the\r\ngate"'
    installation.put(NIGHT, export(row("1") + notes, row("2", "99/99/2025 10:00"), row("3")))
    installation.ingest(workspace)
    assert quarantine(workspace) == [(5, "no_such_time", "Date Reported")]


def test_time_that_the_clocks_skipped_is_quarantined_and_one_shown_twice_is_kept(
    installation: Installation, workspace: Workspace
) -> None:
    installation.put(
        "missed_bins_20260401.csv",
        export(row("1", "29/03/2026 01:30"), row("2", "26/10/2025 01:50", "26/10/2025 01:10")),
    )
    (report,) = installation.ingest(workspace)
    assert (report.accepted, report.quarantined) == (1, 1)
    with workspace.engine.connect() as db:
        times = db.execute(text("select reported_at, closed_at from core.record")).one()
    assert times.closed_at > times.reported_at
    assert (times.closed_at - times.reported_at).total_seconds() == 20 * 60


def test_ward_called_null_is_a_ward(installation: Installation, workspace: Workspace) -> None:
    installation.put(NIGHT, export(row("1", ward="NULL")))
    installation.ingest(workspace)
    with workspace.engine.connect() as db:
        wards = db.scalars(text("select label from core.label where field = 'ward'")).all()
    assert wards == ["NULL"]


def test_unmapped_channel_is_kept_counted_and_reported(installation: Installation, workspace: Workspace) -> None:
    installation.put(NIGHT, export(*(row(ref, channel="Carrier Pigeon") for ref in "123"), row("4")))
    (report,) = installation.ingest(workspace)
    assert report.accepted == 4
    assert any("3 rows" in warning and "Carrier Pigeon" in warning for warning in report.warnings)


def test_last_row_of_a_case_wins_and_the_others_are_accounted_for(
    installation: Installation, workspace: Workspace
) -> None:
    installation.put(NIGHT, export(row("1"), row("1", ward="Elmdon"), row("1", ward="Olton")))
    (report,) = installation.ingest(workspace)
    assert (report.read, report.accepted, report.quarantined) == (3, 1, 2)
    with workspace.engine.connect() as db:
        assert db.scalar(text("select label from core.record join core.label on label_id = ward")) == "Olton"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty file"),
        (b"\r\n\r\n", "empty file"),
        (b"<!DOCTYPE html><html><body>503 Service Unavailable</body></html>", "web page"),
        (b"Ann Other,1 Oak Road\r\nBob Other,2 Oak Road\r\n", "none in the first lines"),
        (b"Case Ref,Date Reported,Notes\r\n1,03/11/2025 10:15,x\r\n", "no column Channel"),
        ((HEADER + '\r\n1,03/11/2025 10:15,,Online,Open,,,,"Ann').encode() + b"\r\n2,x\r\n", "ends half way"),
        ((HEADER + "\r\n").encode("windows-1252") + b"1\0,x\r\n", "zero bytes"),
    ],
)
def test_what_is_no_export_is_rejected_with_a_plain_message(
    installation: Installation, workspace: Workspace, content: bytes, why: str
) -> None:
    installation.put(NIGHT, content)
    (report,) = installation.ingest(workspace)
    assert report.status == "rejected"
    assert why in str(report.rejected_because)
    assert "Ann" not in str(report.rejected_because)


def test_rejected_delivery_does_not_stop_the_others(installation: Installation, workspace: Workspace) -> None:
    installation.put(NIGHT, b"<html>")
    installation.put("missed_bins_20251105.csv", export(row("1")))
    assert [report.status for report in installation.ingest(workspace)] == ["rejected", "validated"]


def test_validating_again_changes_nothing(installation: Installation, workspace: Workspace) -> None:
    installation.put(NIGHT, export(row("1"), row("2", "31/02/2026 10:00")))
    installation.ingest(workspace)
    before = quarantine(workspace)
    assert validate(workspace, workspace.feed("solihull", "report-missed-bin")) == []
    assert quarantine(workspace) == before


def test_no_personal_value_is_anywhere_after_validate(installation: Installation, workspace: Workspace) -> None:
    personal = ["Zebediah Quill", "77 Hidden Lane", "zq@example.org", "the key is under the mat", "100079999999"]
    name, address, email, note, uprn = personal
    installation.put(
        NIGHT,
        export(
            f"{row('1', uprn=uprn)},{name},{address},{email},{note}",
            f"{row('2', '31/02/2026 10:00', uprn=uprn)},{name},{address},{email},{note}",
        ),
    )
    installation.ingest(workspace)
    found = []
    with workspace.engine.connect() as db:
        tables = db.execute(
            text(
                "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE' "
                "and table_schema in ('ledger', 'core', 'marts')"
            )
        ).all()
        assert len(tables) >= 10
        for schema, table in tables:
            dump = str(db.execute(text(f'select * from {schema}."{table}"')).all())  # noqa: S608 - the catalogue's names
            found += [(table, value) for value in personal if value in dump]
        keys = db.scalars(text("select premises_key from core.record")).all()
    landing = installation.folder.parents[2] / "landing"
    for path in landing.rglob("*"):
        if path.is_file() and "raw" not in path.relative_to(landing).parts:
            content = path.read_bytes()
            found += [(path.name, value) for value in personal if value.encode() in content]
    assert found == []
    assert [len(bytes(key)) for key in keys] == [32]


def test_what_another_run_has_validated_meanwhile_is_not_written_over(
    installation: Installation, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.put(NIGHT, export(row("1", ward="Elmdon"), row("2", ward="Elmdon")))
    installation.take(workspace)
    feed = workspace.feed("solihull", "report-missed-bin")
    columns = {name: column for name, column in feed.feed.columns.items() if name != "ward"}
    mended = replace(feed, feed=feed.feed.model_copy(update={"columns": columns}))
    judge = validating.judge

    def judged_slowly(*given: Any) -> Any:
        found = judge(*given)
        monkeypatch.setattr(validating, "judge", judge)
        # Meanwhile the council's file is mended, and somebody runs the feed by it.
        validate(workspace, mended)
        return found

    monkeypatch.setattr(validating, "judge", judged_slowly)
    validate(workspace, feed)
    assert workspace.landing.accepted(1, ["ward"]).column("ward").null_count == 2
