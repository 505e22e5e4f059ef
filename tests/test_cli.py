"""The command line: JSON on every command, exit codes that mean something, nothing personal in what it says."""

from __future__ import annotations

import csv
import getpass
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from tests.conftest import Installation, export, row

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.workspace import Workspace


@pytest.fixture
def start(installation: Installation) -> Any:
    """Starts a command as somebody at a terminal does; typed: what they type."""
    connections = {
        name: installation.settings.connection(name)
        for name in ("solihull_sftp", "solihull_privacy", "solihull_platform")
    }
    environment = {
        "PATH": "/usr/bin:/bin",
        "LOCAL_DIGITAL_CONFIG": str(installation.settings.config),
        "LOCAL_DIGITAL_WAREHOUSE": str(installation.settings.warehouse),
        "LOCAL_DIGITAL_LANDING": installation.settings.landing,
        **{
            f"LOCAL_DIGITAL_CONN_{name.upper()}": json.dumps(
                {
                    "host": end.host,
                    "port": end.port,
                    "login": end.login,
                    "password": end.password,
                    "extra": dict(end.extra),
                }
            )
            for name, end in connections.items()
        },
    }

    def start(*arguments: str, typed: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "local_digital", *arguments],
            env={**environment, **changes},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    return start


@pytest.fixture
def run(start: Any) -> Any:
    """Runs a command with --json; returns its exit code, its answer and what it said beside it."""

    def run(*arguments: str, typed: str = "", **changes: str) -> tuple[int, Any, str]:
        done = start(*arguments, "--json", typed=typed, **changes)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else None, done.stderr

    return run


def test_whole_chain_from_the_command_line(installation: Installation, run: Any) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1", "08/10/2025 10:00"), row("2", "31/02/2026 10:00")))
    code, (delivery,), _ = run("ingest", "solihull", "report-missed-bin")
    assert code == 0
    assert {key: delivery[key] for key in ("status", "read", "accepted", "quarantined", "duplicates")} == {
        "status": "loaded", "read": 2, "accepted": 1, "quarantined": 1, "duplicates": 0,
    }  # fmt: skip
    assert run("ingest", "solihull", "report-missed-bin")[1][0]["status"] == "unchanged"
    assert run("aggregate")[0] == 0
    planned = run("publish", "--dry-run")[1]["solihull"]
    assert (planned["sent"], planned["waiting"], planned["drafts"], planned["embargoed"]) == (False, [], [], [])
    sent = run("publish", "solihull")[1]["solihull"]
    assert planned["data_sets"] == sent["data_sets"]
    assert (sent["sent"], sent["opened"]) == (True, 1)
    assert {plan["data_set"]: plan["new"] for plan in sent["data_sets"]} == {
        "transactions-by-channel": 16, "missed-bin-by-ward": 3, "digital-takeup": 1,
    }  # fmt: skip
    assert {plan["sink"] for plan in sent["data_sets"]} == {"live"}
    assert run("reconcile", "solihull")[0] == 0
    figures = run("kpis", "solihull", "report-missed-bin", "--period", "week")[1]
    assert {"kpi": "volume", "value": 1}.items() <= figures[0].items() or any(
        figure["kpi"] == "volume" and figure["value"] == 1 for figure in figures
    )
    (feed,) = run("status", "solihull")[1]
    assert (feed["last_delivery"], feed["last_status"]) == ("missed_bins_20251104.csv", "loaded")
    assert feed["publishing"] == "live"


def test_status_says_which_feeds_were_late_at_a_given_time(installation: Installation, run: Any) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1", "08/10/2025 10:00")))
    assert run("status", "solihull")[1][0]["state"] == "no delivery yet"
    run("ingest", "solihull", "report-missed-bin")
    states = {
        day: run("status", "solihull", "--as-of", day)[1][0]["state"]
        for day in ("2025-11-06", "2025-11-06T23:59", "2025-11-07")
    }
    assert states == {"2025-11-06": "on time", "2025-11-06T23:59": "on time", "2025-11-07": "late"}
    installation.put("missed_bins_20251105.csv", "<html>")
    run("ingest", "solihull", "report-missed-bin")
    assert run("status", "solihull", "--as-of", "2025-11-06")[1][0]["state"] == "rejected"


def test_given_file_stands_in_for_the_source(installation: Installation, run: Any, tmp_path: Any) -> None:
    path = tmp_path / "missed_bins_20251104.csv"
    path.write_text(export(row("1")), "windows-1252", newline="")
    code, (delivery,), _ = run("ingest", "solihull", "report-missed-bin", "--file", str(path))
    assert (code, delivery["status"], delivery["accepted"]) == (0, "loaded", 1)
    assert installation.folder.exists()


def test_rejected_delivery_is_exit_1_with_its_reason(installation: Installation, run: Any) -> None:
    installation.put("missed_bins_20251104.csv", "<html>")
    code, (delivery,), _ = run("ingest", "solihull", "report-missed-bin")
    assert (code, delivery["status"]) == (1, "rejected")
    assert "web page" in delivery["rejected_because"]


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        (("ingest", "nowhere", "report-missed-bin"), {}),
        (("ingest", "solihull", "renew-library-book"), {}),
        (("publish", "solihull"), {"LOCAL_DIGITAL_CONN_SOLIHULL_PRIVACY": "", "LOCAL_DIGITAL_CONFIG": "/nonexistent"}),
        (("ingest", "solihull", "report-missed-bin"), {"LOCAL_DIGITAL_CONN_SOLIHULL_SFTP": "not json"}),
        (("no-such-command",), {}),
    ],
)
def test_wrong_use_or_configuration_is_exit_2(run: Any, arguments: tuple[str, ...], changes: dict[str, str]) -> None:
    code, _, said = run(*arguments, **changes)
    assert code == 2, said
    assert "Traceback" not in said
    assert "not json" not in said


def test_warehouse_that_does_not_answer_is_exit_1(run: Any) -> None:
    code, answer, said = run("status", LOCAL_DIGITAL_WAREHOUSE="postgresql://nobody:secret-word@127.0.0.1:9/none")
    assert code == 1
    assert answer["retry"] is True
    assert "secret-word" not in said + json.dumps(answer)


def test_no_ward_in_printed_figures_runs_as_a_formula(installation: Installation, start: Any, run: Any) -> None:
    rows = [row(str(number), "08/10/2025 10:00", ward="=1+1") for number in range(9)]
    installation.put("missed_bins_20251104.csv", export(*rows))
    assert run("ingest", "solihull", "report-missed-bin")[0] == 0
    assert run("aggregate")[0] == 0
    done = start("kpis", "solihull", "report-missed-bin", "--by", "ward", "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    labels = {line["label"] for line in csv.DictReader(done.stdout.splitlines())}
    assert "'=1+1" in labels
    assert "=1+1" not in labels


SOLIHULL_BINS = ("solihull", "report-missed-bin")


@pytest.fixture
def waiting(installation: Installation, workspace: Workspace) -> None:
    """Figures that nobody has released."""
    installation.put("missed_bins_20251104.csv", export(row("1", "08/10/2025 10:00")))
    installation.ingest(workspace)
    with workspace.engine.begin() as db:
        db.execute(text("truncate ledger.approval cascade"))


@pytest.mark.usefixtures("waiting")
def test_approve_shows_the_figures_asks_and_takes_no_for_no(start: Any, run: Any) -> None:
    done = start("approve", *SOLIHULL_BINS, typed="n\n")
    assert done.returncode == 1, done.stderr
    assert "solihull report-missed-bin waits: going live." in done.stdout
    assert "2025-10-06" in done.stdout
    assert "Release these figures?" in done.stdout
    assert start("approve", *SOLIHULL_BINS).returncode == 1
    # Asked for JSON, it still asks, and leaves the answer alone on its line.
    code, answer, said = run("approve", *SOLIHULL_BINS, typed="n\n")
    assert (code, answer) == (1, None)
    assert "Release these figures?" in said
    assert "solihull report-missed-bin waits: going live." in said
    assert run("approvals")[1] == []


@pytest.mark.usefixtures("waiting")
def test_approve_records_who_releases_and_the_next_publish_sends(start: Any, run: Any) -> None:
    plain = start("publish", "solihull")
    assert plain.returncode == 0
    assert "waits for a decision (going live): `local-digital approve solihull report-missed-bin`" in " ".join(
        plain.stdout.split()
    )
    code, held, _ = run("publish", "solihull")
    assert (code, held["solihull"]["data_sets"]) == (0, [])
    assert [each["reasons"] for each in held["solihull"]["waiting"]] == [["going-live"]]

    code, answer, _ = run("approve", *SOLIHULL_BINS, "--by", "Ada [approver]", "--note", "as agreed", typed="y\n")
    assert code == 0
    assert (answer["decided_by"], answer["decision"], answer["reasons"]) == (
        "Ada [approver]",
        "released",
        ["going-live"],
    )
    assert answer["figures"] == held["solihull"]["waiting"][0]["figures"]

    (decision,) = run("approvals", "solihull")[1]
    assert {key: decision[key] for key in ("decided_by", "through", "decision", "note", "council", "transaction")} == {
        "decided_by": "Ada [approver]", "through": "terminal", "decision": "released", "note": "as agreed",
        "council": "solihull", "transaction": "report-missed-bin",
    }  # fmt: skip
    assert decision["approval_id"] == answer["approval_id"]
    assert run("approvals", "fife")[0] == 2
    assert "[approver]" in start("approvals").stdout.replace("\n", "")
    sent = run("publish", "solihull")[1]["solihull"]
    assert (sent["waiting"], sum(plan["new"] for plan in sent["data_sets"])) == ([], 20)


@pytest.mark.usefixtures("waiting")
def test_what_is_kept_back_says_so_and_can_be_released_later(start: Any, run: Any) -> None:
    done = start("approve", *SOLIHULL_BINS, "--keep-back", typed="y\n")
    assert done.returncode == 0
    assert "Keep these figures back?" in done.stdout
    assert "kept back" in done.stdout
    (each,) = run("publish", "solihull")[1]["solihull"]["waiting"]
    assert each["kept_back_by"] == getpass.getuser()
    done = start("approve", *SOLIHULL_BINS, "--yes")
    assert done.returncode == 0, done.stderr
    assert f"{getpass.getuser()} kept it back on " in done.stdout
    assert [decision["decision"] for decision in run("approvals")[1]] == ["released", "kept-back"]


def test_try_says_which_name_the_pipeline_would_pass_over(tmp_path: Path, start: Any, run: Any) -> None:
    content = export(row("1", "08/10/2025 10:00"))
    for name in ("missed_bins_20251104.csv", "bins.csv"):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode("cp1252"))
    code, answer, _ = run("try", *SOLIHULL_BINS, str(tmp_path / "missed_bins_20251104.csv"))
    assert (code, answer["passed_over"]) == (0, [])
    done = start("try", *SOLIHULL_BINS, str(tmp_path / "bins.csv"), COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert "bins.csv does not fit `files` in the council's file" in done.stdout


def test_try_of_a_file_that_is_turned_down_shows_why_and_no_empty_tables(tmp_path: Path, start: Any) -> None:
    (tmp_path / "missed_bins_20251104.csv").write_text("Something,else\n1,2\n", "utf-8")
    done = start("try", *SOLIHULL_BINS, str(tmp_path / "missed_bins_20251104.csv"), COLUMNS="200")
    assert done.returncode == 1, done.stderr
    assert "expected" in done.stdout
    assert "Figures by" not in done.stdout
    assert "What the records say" not in done.stdout


def test_approve_where_nothing_waits_is_exit_2_and_says_why(installation: Installation, run: Any) -> None:
    path = installation.settings.config / "councils" / "solihull.yaml"
    written = path.read_text("utf-8")
    for change, found in (
        ("stage: live", "nothing that waits"),
        ("stage: draft", "a draft"),
        ("embargo_until: 2999-01-01\n    stage: live", "a feed under embargo"),
    ):
        path.write_text(written.replace("stage: live", change), "utf-8")
        code, answer, said = run("approve", *SOLIHULL_BINS, "--yes")
        assert code == 2
        assert f"found {found}." in answer["error"]
        assert ("stage: live" in answer["error"]) == (found == "a draft")
        assert "Traceback" not in said
    assert run("approve", "solihull", "no-such-transaction", "--yes")[0] == 2
    assert run("publish")[1]["solihull"]["embargoed"] == ["report-missed-bin"]
