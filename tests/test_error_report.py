"""The error report: everything a council needs to mend a delivery, and no value of a row."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from sqlalchemy import text

from local_digital import error_report
from local_digital.error_report import as_csv, as_html, build, send, send_if_wanted, write, write_missing
from local_digital.error_rules import in_words
from local_digital.errors import ConfigurationError
from local_digital.expectations import suite
from local_digital.extract import take_files
from local_digital.settings import ROOT
from local_digital.sources.sftp import SftpSource
from local_digital.validate import validate
from tests.commands import local_digital
from tests.conftest import HEADER, Installation, export, row
from tests.sources.sftp_server import SftpServer, sftp_serving

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from local_digital.error_report import ErrorReport
    from local_digital.validate import DeliveryReport
    from local_digital.workspace import FeedHandle, Workspace

NIGHT = "missed_bins_20251104.csv"
MIXED = export(
    row("1"),
    row("2", "31/02/2026 10:00"),
    row("1"),
    row("3", closed="01/11/2025 09:00"),
    row("", ward="Elmdon"),
    "4,03/11/2025 10:15",
    row("5", channel="Carrier Pigeon"),
)


def handle(workspace: Workspace) -> FeedHandle:
    return workspace.feed("solihull", "report-missed-bin")


def change_solihull(installation: Installation, **source: object) -> None:
    """Give the feed's source other facts; a None takes a fact away."""
    path = installation.settings.config / "councils" / "solihull.yaml"
    council = yaml.safe_load(path.read_text("utf-8"))
    facts = council["feeds"]["report-missed-bin"]["source"] | source
    council["feeds"]["report-missed-bin"]["source"] = {key: value for key, value in facts.items() if value is not None}
    path.write_text(yaml.safe_dump(council, default_flow_style=False), "utf-8")


def from_folder(installation: Installation, folder: Path) -> None:
    """Let Solihull deliver into a drop folder that takes reports, in place of its server."""
    change_solihull(installation, kind="folder", folder=str(folder), connection=None, report_folder="reports")


def deliver(workspace: Workspace, folder: Path, content: str | bytes, name: str = NIGHT) -> DeliveryReport:
    """Land and validate one file."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("windows-1252"))
    take_files(workspace, handle(workspace), [path], run_id="run")
    (report,) = validate(workspace, handle(workspace))
    return report


def report_on(workspace: Workspace, folder: Path, content: str | bytes, name: str = NIGHT) -> ErrorReport:
    return build(workspace, handle(workspace), deliver(workspace, folder, content, name).delivery_id)


def cells(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_every_quarantined_line_is_there_with_column_rule_and_what_to_do(workspace: Workspace, tmp_path: Path) -> None:
    report = report_on(workspace, tmp_path, MIXED)
    found = [line for line in cells(as_csv(report)) if line["Kind"] == "row not used"]
    assert [(int(line["Line"]), line["Column"], line["Rule"]) for line in found] == [
        (3, "Date Reported", "no_such_time"),
        (5, "Date Closed", "expect_column_pair_values_a_to_be_greater_than_b"),
        (6, "Case Ref", "expect_column_values_to_not_be_null"),
        (7, "", "ragged_row"),
    ]
    assert all(line["What is expected"] and line["How to fix"] and line["File"] == NIGHT for line in found)
    page = as_html(report)
    for line in found:
        assert line["Rule"] in page
        assert line["What is expected"].split("'")[0] in page
    assert "31/12/2025" in found[0]["What is expected"] or "dd" in found[0]["What is expected"].lower()


def test_counts_add_up_in_csv_and_page(workspace: Workspace, tmp_path: Path) -> None:
    report = report_on(workspace, tmp_path, MIXED)
    counts = {line["Rule"]: int(line["Rows"]) for line in cells(as_csv(report)) if line["Kind"] == "count"}
    read = counts.pop("rows read")
    assert read == sum(counts.values()) == 7
    assert counts == {"rows used": 2, "rows not used": 4, "exact duplicates": 1, "rows of other services": 0}
    assert "4 rows of 7 were not used" in as_html(report)


def test_warnings_name_new_columns_and_unmapped_words_with_their_rows(workspace: Workspace, tmp_path: Path) -> None:
    content = MIXED.replace("Notes", "Crew", 1)
    report = report_on(workspace, tmp_path, content)
    notes = " ".join(line["Note"] for line in cells(as_csv(report)) if line["Kind"] == "warning")
    page = as_html(report)
    for said in ("column `Crew` is new", "unmapped words for channel that came only once"):
        assert said in notes
        assert said in page
    assert [(doubt.column, doubt.rows, doubt.first) for doubt in report.doubts] == [
        ("Channel", 1, "8"),
    ]  # fmt: skip


def test_no_value_of_a_row_is_in_the_report(workspace: Workspace, tmp_path: Path) -> None:
    def canaries(number: int) -> list[str]:
        return [f"canary-{number}-{column}" for column in range(HEADER.count(",") + 1)]

    broken = [
        ",".join(canaries(1)),  # both dates
        ",".join(["", "03/11/2025 10:15", "", "Online", "Open", "Black (Refuse)", *canaries(2)[6:]]),  # no reference
        ",".join(canaries(3)[:5]),  # ragged
        ",".join(["canary-4-0", "03/11/2025 10:15", "", "", "Open", "Black (Refuse)", *canaries(4)[6:]]),  # no channel
    ]
    # Words of short lists are reported when nothing maps them; that is what the council has to be asked about.
    broken[0] = re.sub(r"canary-1-3,canary-1-4,canary-1-5", "Online,Open,Black (Refuse)", broken[0])
    delivery = deliver(workspace, tmp_path, "\r\n".join([HEADER, *broken, row("9") + ",,,,"]) + "\r\n")
    assert (delivery.quarantined, delivery.accepted) == (4, 1)
    report = build(workspace, handle(workspace), delivery.delivery_id)
    assert {problem.line for problem in report.problems} == {2, 3, 4, 5}
    assert b"canary" not in as_csv(report)
    assert "canary" not in as_html(report)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "  =", "\ufe66", "\u200b=", "＝"])  # noqa: RUF001 - this very character
def test_cell_that_would_be_a_formula_is_harmless(workspace: Workspace, tmp_path: Path, start: str) -> None:
    name = f'{start}HYPERLINK("http:attacker","x").csv'
    report = report_on(workspace, tmp_path, MIXED, name)
    rows = list(csv.reader(io.StringIO(as_csv(report).decode("utf-8-sig"), newline="")))
    assert (rows[1][1][0], rows[1][1].replace("'", "")) == ("'", name)
    for cell in (cell for cells in rows for cell in cells):
        assert not re.match(r"\s*[=+\-@＝]", cell), cell  # noqa: RUF001 - this very character


def test_name_of_a_column_that_would_be_a_formula_is_harmless(workspace: Workspace, tmp_path: Path) -> None:
    content = MIXED.replace("Date Reported", '"=1+1"', 1)
    path = workspace.settings.config / "councils" / "solihull.yaml"
    path.write_text(path.read_text("utf-8").replace("from: Date Reported", 'from: "=1+1"'), "utf-8")
    columns = {line["Column"] for line in cells(as_csv(report_on(workspace, tmp_path, content)))}
    assert "'=1+1" in columns
    assert "=1+1" not in columns


def test_names_from_outside_are_escaped_on_the_page(workspace: Workspace, tmp_path: Path) -> None:
    content = MIXED.replace("Notes", "<img src=x onerror=alert(1)>", 1)
    page = as_html(report_on(workspace, tmp_path, content, "<script>alert(1)<&.csv"))
    assert "&lt;script&gt;" in page
    assert not re.search(r"<(script|img|link|iframe|object)\b", page)
    assert not re.search(r"https?:", page)


def test_page_of_a_rejected_delivery_says_why_in_words(workspace: Workspace, tmp_path: Path) -> None:
    report = report_on(workspace, tmp_path, b"<!DOCTYPE html><html><body>503</body></html>")
    page = as_html(report)
    assert "This file was not used" in page
    assert "Expected rows of data" in page
    assert "web page" in page
    assert "Ask the council" not in page
    assert "Rows read" not in page
    (said,) = [line for line in cells(as_csv(report)) if line["Kind"] == "rejected"]
    assert "web page" in said["Note"]


def test_line_inside_an_archive_names_the_document(workspace: Workspace, tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("north/a.csv", export(row("1"), row("2", "31/02/2026 10:00")))
        zipped.writestr("south/b.csv", export(row("3", "31/02/2026 10:00"), row("4", channel="Pigeon")))
    report = report_on(workspace, tmp_path, archive.getvalue())
    found = [line for line in cells(as_csv(report)) if line["Kind"] == "row not used"]
    assert [(line["File in archive"], line["Line"]) for line in found] == [("north/a.csv", "3"), ("south/b.csv", "2")]
    page = as_html(report)
    assert "north/a.csv: 3; south/b.csv: 2" in page
    assert "south/b.csv: 3" in page


def test_page_shows_the_first_lines_and_the_csv_has_all(workspace: Workspace, tmp_path: Path) -> None:
    report = report_on(workspace, tmp_path, export(*(row(str(number), "never") for number in range(1200))))
    page = as_html(report)
    assert "The first 500 of 1,200 are shown" in page
    assert page.count("<code>no_such_time</code>") == 500
    assert sum(line["Kind"] == "row not used" for line in cells(as_csv(report))) == 1200


def test_every_rule_of_the_suites_has_plain_words() -> None:
    suites = [path.stem for path in (ROOT / "expectations").glob("*.yaml")]
    unknown = in_words("no such rule")
    assert suites
    assert not [entry.expect for name in suites for entry in suite(name) if in_words(entry.expect) == unknown]


def stored(installation: Installation) -> Path:
    return Path(installation.settings.landing) / "reports" / "solihull" / "report-missed-bin"


def test_validate_writes_reports_for_what_is_to_be_mended_only(
    installation: Installation, workspace: Workspace, tmp_path: Path
) -> None:
    clean = deliver(workspace, tmp_path, export(row("1")), "missed_bins_20251103.csv")
    mixed = deliver(workspace, tmp_path, MIXED)
    rejected = deliver(workspace, tmp_path, b"<html>", "missed_bins_20251105.csv")
    assert sorted(path.name for path in stored(installation).iterdir()) == sorted(
        f"{delivery.delivery_id}.{ending}" for delivery in (mixed, rejected) for ending in ("csv", "html")
    )
    assert clean.quarantined == 0


def test_report_that_an_earlier_run_was_killed_before_is_written_by_the_next(
    installation: Installation, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("local_digital.validate.write_missing", killed)
        with pytest.raises(KeyboardInterrupt):
            deliver(workspace, tmp_path, MIXED)
    assert not stored(installation).exists()
    assert validate(workspace, handle(workspace)) == []
    assert {path.suffix for path in stored(installation).iterdir()} == {".csv", ".html"}


def test_report_that_is_there_is_not_written_again(
    installation: Installation, workspace: Workspace, tmp_path: Path
) -> None:
    deliver(workspace, tmp_path, MIXED)
    (page,) = stored(installation).glob("*.html")
    before = page.stat().st_mtime_ns
    write_missing(workspace, handle(workspace))
    assert page.stat().st_mtime_ns == before


def test_long_backlog_gets_reports_for_its_newest_deliveries(
    installation: Installation, workspace: Workspace, tmp_path: Path
) -> None:
    for day in range(1, 14):
        name = f"missed_bins_202511{day:02}.csv"
        (tmp_path / name).write_text(export(row(str(day), "never")), "windows-1252", newline="")
        take_files(workspace, handle(workspace), [tmp_path / name], run_id="run")
    deliveries = [report.delivery_id for report in validate(workspace, handle(workspace))]
    assert {int(path.stem) for path in stored(installation).glob("*.html")} == set(deliveries[-10:])


def test_report_goes_back_to_the_councils_folder(
    installation: Installation, workspace: Workspace, tmp_path: Path
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    from_folder(installation, drop)
    delivery = deliver(workspace, tmp_path, MIXED)
    assert send_if_wanted(workspace, handle(workspace)) == [delivery.delivery_id]
    report = build(workspace, handle(workspace), delivery.delivery_id)
    assert (drop / "reports" / f"{NIGHT}.report.csv").read_bytes() == as_csv(report)
    assert (drop / "reports" / f"{NIGHT}.report.html").read_text("utf-8") == as_html(report)
    assert send_if_wanted(workspace, handle(workspace)) == []


def test_report_on_a_file_in_a_folder_has_a_plain_name_at_the_council(
    installation: Installation, workspace: Workspace, tmp_path: Path
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    from_folder(installation, drop)
    change_solihull(installation, files="2025/missed_bins_{date:%Y%m%d}.csv")
    (tmp_path / "2025").mkdir()
    delivery = deliver(workspace, tmp_path, MIXED, f"2025/{NIGHT}")
    assert send(workspace, handle(workspace), delivery.delivery_id) == [
        f"reports/2025_{NIGHT}.report.csv", f"reports/2025_{NIGHT}.report.html",
    ]  # fmt: skip
    assert sorted(path.name for path in drop.rglob("*.*")) == [
        f"2025_{NIGHT}.report.csv", f"2025_{NIGHT}.report.html",
    ]  # fmt: skip


def test_report_goes_back_over_sftp_and_a_failure_to_send_is_made_up_for(
    installation: Installation, workspace: Workspace, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder = tmp_path / "council"
    folder.mkdir()
    with sftp_serving(folder) as server:
        change_solihull(installation, folder=".", report_folder="from-us")
        monkeypatch.setattr(error_report, "open_source", opening(server, password="expired"))
        delivery = deliver(workspace, tmp_path, MIXED)
        with caplog.at_level(logging.WARNING):
            assert send_if_wanted(workspace, handle(workspace)) == []
        assert "was not sent" in caplog.text
        assert "permission denied" in caplog.text
        monkeypatch.setattr(error_report, "open_source", opening(server))
        assert send_if_wanted(workspace, handle(workspace)) == [delivery.delivery_id]
    assert sorted(path.name for path in (folder / "from-us").iterdir()) == [
        f"{NIGHT}.report.csv", f"{NIGHT}.report.html",
    ]  # fmt: skip


def opening(server: SftpServer, **facts: str) -> Callable[..., object]:
    """Return what opens the feed's folder on another server than the one of the installation."""
    return lambda feed, _: SftpSource(feed.feed.source, server.connection(**facts))


def test_nothing_is_sent_where_no_report_folder_is_agreed_on(workspace: Workspace, tmp_path: Path) -> None:
    delivery = deliver(workspace, tmp_path, MIXED)
    assert send_if_wanted(workspace, handle(workspace)) == []
    with pytest.raises(ConfigurationError, match="report_folder"):
        send(workspace, handle(workspace), delivery.delivery_id)


def test_report_on_what_was_not_validated_is_a_configuration_error(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="ingest"):
        error_report.newest(workspace, handle(workspace))
    (tmp_path / NIGHT).write_text(MIXED, "windows-1252", newline="")
    (landed,) = take_files(workspace, handle(workspace), [tmp_path / NIGHT], run_id="run").delivery_ids
    for number in (landed, landed + 100):
        with pytest.raises(ConfigurationError, match=f"delivery {number}"):
            write(workspace, handle(workspace), number)


def test_command_prints_a_summary_and_writes_where_it_is_told(
    installation: Installation, workspace: Workspace, tmp_path: Path
) -> None:
    deliver(workspace, tmp_path, MIXED)
    arguments = ["report", "solihull", "report-missed-bin", "--output", str(tmp_path / "out")]
    environment = {
        "COLUMNS": "200",
        "LOCAL_DIGITAL_CONFIG": str(installation.settings.config),
        "LOCAL_DIGITAL_WAREHOUSE": str(installation.settings.warehouse),
        "LOCAL_DIGITAL_LANDING": installation.settings.landing,
    }

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return local_digital(*arguments, *more, **environment)

    said = run("--json")
    assert said.returncode == 0, said.stderr
    facts = json.loads(said.stdout)
    assert facts["counts"]["rows read"] == 7
    assert {problem["rule"] for problem in facts["problems"]} > {"ragged_row", "no_such_time"}
    assert len(facts["files"]) == 4
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"{NIGHT}.report.csv", f"{NIGHT}.report.html"]
    shown = run().stdout
    assert "ragged_row" in shown
    assert "came only once" in " ".join(shown.split())
    assert "Carrier Pigeon" not in shown
    assert run("--delivery", "99").returncode == 2
    refused = run("--send")
    assert (refused.returncode, "report_folder" in refused.stderr) == (2, True)


def test_other_feeds_deliveries_are_not_reported(workspace: Workspace, tmp_path: Path) -> None:
    delivery = deliver(workspace, tmp_path, MIXED)
    with workspace.engine.begin() as db:
        db.execute(text("insert into ledger.feed (council, transaction) values ('other', 'report-missed-bin')"))
        other = db.scalar(text("select feed_id from ledger.feed where council = 'other'"))
        db.execute(text("update ledger.delivery set feed_id = :other"), {"other": other})
    with pytest.raises(ConfigurationError):
        build(workspace, handle(workspace), delivery.delivery_id)
