"""The command line: JSON on every command, exit codes that mean something, nothing personal in what it says."""

from __future__ import annotations

import csv
import getpass
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from local_digital import cli
from local_digital.errors import ConfigurationError
from tests.commands import local_digital
from tests.conftest import Installation, export, row

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from local_digital.embedded import EmbeddedServer
    from local_digital.workspace import Workspace


@pytest.fixture
def start(installation: Installation) -> Any:
    """Starts a command as somebody at a terminal does; typed: what they type."""
    connections = {
        name: installation.settings.connection(name)
        for name in ("solihull_sftp", "solihull_privacy", "solihull_platform")
    }
    environment = {
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
        return local_digital(*arguments, typed=typed, **(environment | changes))

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
def call(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command in the tests' own process, at a wide terminal; its faults are left as they were raised."""
    monkeypatch.setattr("local_digital.settings.from_environment", lambda: installation.settings)
    return lambda *arguments: CliRunner(env={"COLUMNS": "300"}).invoke(cli.app, arguments)


@pytest.fixture
def told(call: Callable[..., Result]) -> Callable[..., str]:
    """Runs a command that must end with 0, or the code given; returns what it printed, with single spaces."""

    def told(*arguments: str, code: int = 0) -> str:
        done = call(*arguments)
        assert done.exit_code == code, (done.output, done.exception)
        return " ".join(done.stdout.replace("│", " ").split())

    return told


def changed(installation: Installation, **facts: object) -> None:
    """Change facts of the feed in the council's file."""
    path = installation.settings.config / "councils" / "solihull.yaml"
    council = yaml.safe_load(path.read_text("utf-8"))
    council["feeds"]["report-missed-bin"] |= facts
    path.write_text(yaml.safe_dump(council, allow_unicode=True), "utf-8")


def test_people_are_told_what_each_step_did(installation: Installation, told: Any) -> None:
    name = "missed_bins_20251104.csv"
    installation.put(name, export(row("1", "08/10/2025 10:00"), row("2", "31/02/2026 10:00")))
    assert f"{name} loaded 2 1 1 0" in told("ingest", *SOLIHULL_BINS)
    assert f"{name} unchanged" in told("ingest", *SOLIHULL_BINS)
    # Five weeks and two months since the first day that the file covers.
    assert told("aggregate") == "solihull report-missed-bin: 7 periods"
    planned, sent, again = (told("publish", *more) for more in (["--dry-run"], [], []))
    assert planned.startswith("Would be sent")
    assert sent.startswith("Sent")
    for said in (planned, sent):
        assert "solihull report-missed-bin missed-bin-by-ward live 3 0 0 0" in said
        assert said.endswith("0 of 3 data sets are as they should be.")
    assert again == "3 of 3 data sets are as they should be."
    assert "solihull digital-takeup 1" in told("reconcile")
    assert told("rebuild", "solihull", "digital-takeup") == "1 record sent, 0 that should not be there removed."
    assert "Volume" in told("kpis", *SOLIHULL_BINS)
    figures = told("kpis", *SOLIHULL_BINS, "--by", "ward", "--period", "week")
    assert figures.startswith("solihull report-missed-bin by week and ward")
    assert "2025-10-06 Blythe 1 full" in figures
    state = told("status", "--as-of", "2025-11-05")
    assert f"solihull report-missed-bin on time {name} 2025-11-04 00:00 1 2 1 1 0 live" in state


@pytest.mark.parametrize(
    ("facts", "says"), [({"stage": "draft"}, "is a draft"), ({"embargo_until": "2999-01-01"}, "is under embargo")]
)
def test_publish_says_of_which_feeds_nothing_goes_out(
    installation: Installation, told: Any, facts: dict[str, str], says: str
) -> None:
    changed(installation, **facts)
    assert f"solihull report-missed-bin {says}: nothing more of it is published." in told("publish")


def test_file_that_is_still_being_written_is_named_and_left_for_the_next_run(
    installation: Installation, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "missed_bins_20251104.csv"
    installation.put(name, export(row("1")), age=1)
    # Its sender goes on while the command waits for the second look.
    monkeypatch.setattr("time.sleep", lambda _: installation.put(name, export(row("1"), row("2")), age=0))
    done = call("ingest", *SOLIHULL_BINS)
    assert (done.exit_code, name in done.stdout) == (0, False)
    assert f"left for the next run, still being written: {name}" in " ".join(done.stderr.split())


def test_what_was_turned_down_is_taken_up_again_once_the_council_s_file_is_mended(
    installation: Installation, told: Any
) -> None:
    name = "missed_bins_20251104.csv"
    installation.put(name, export(row("1"), row("2")))
    changed(installation, rows=[{"column": "Service", "in": ["bins"]}])
    assert f"{name} rejected" in told("ingest", *SOLIHULL_BINS, code=1)
    changed(installation, rows=[])
    assert f"{name} loaded" not in told("ingest", *SOLIHULL_BINS)
    assert f"{name} loaded 2 2 0 0" in told("ingest", *SOLIHULL_BINS, "--again")


def test_half_a_year_of_weeks_is_printed_and_json_has_them_all(installation: Installation, told: Any) -> None:
    changed(installation, covers_from="2025-01-06")
    installation.put("missed_bins_20251104.csv", export(row("1", "08/01/2025 10:00"), row("2", "03/11/2025 10:00")))
    told("ingest", *SOLIHULL_BINS)
    told("aggregate")
    said = told("kpis", *SOLIHULL_BINS, "--period", "week")
    weeks = {each["period_start"] for each in json.loads(told("kpis", *SOLIHULL_BINS, "--period", "week", "--json"))}
    assert f"The last 26 of {len(weeks)}; --json has all." in said
    assert [week for week in sorted(weeks) if week in said] == sorted(weeks)[-26:]


def test_csv_of_figures_has_a_line_for_each_and_words_for_what_they_lack(installation: Installation, told: Any) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1", "08/10/2025 10:00"), row("2", "09/10/2025 10:00")))
    told("ingest", *SOLIHULL_BINS)
    told("aggregate")
    figures = csv.DictReader(told("kpis", *SOLIHULL_BINS, "--format", "csv").replace(" ", "\n").splitlines())
    caveats = {(figure["period_start"], figure["kpi"]): figure["caveats"] for figure in figures}
    assert caveats["2025-10-01", "volume"] == ""
    assert "still-open" in caveats["2025-10-01", "median-hours-to-close"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("kpis", *SOLIHULL_BINS, "--by", "street"), r"--by: expected one of channel, .*ward.*; found `street`"),
        (("kpis", *SOLIHULL_BINS, "--by", "ward", "--period", "quarter"), "expected week or month with --by"),
        (("replay", *SOLIHULL_BINS, "--delivery", "1", "--since", "2025-11-01"), "expected --delivery or --since"),
        (("aggregate", "atlantis"), "atlantis"),
        (("rebuild", "solihull", "no-such"), "solihull missed-bin-by-ward|report-missed-bin missed-bin-by-ward"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(call: Any, arguments: tuple[str, ...], says: str) -> None:
    done = call(*arguments)
    assert done.stdout == ""
    assert isinstance(done.exception, ConfigurationError)
    with pytest.raises(ConfigurationError, match=says):
        raise done.exception


def test_check_counts_what_is_wrong_and_what_is_still_a_draft(installation: Installation, told: Any) -> None:
    councils = installation.settings.config / "councils"
    path = councils / "solihull.yaml"
    assert told("check") == "1 council read, 0 files wrong"
    path.write_text(f"# CHECK: the retention\n{path.read_text('utf-8')}", "utf-8")
    assert told("check") == "unsettled solihull: 1 thing to CHECK is left 1 council read, 0 files wrong"
    assert json.loads(told("check", "--json")) == {"councils": ["solihull"], "errors": [], "unsettled": {"solihull": 1}}
    (councils / "bury.yaml").write_text("council: [bury", "utf-8")
    said = told("check", code=2)
    assert (said.startswith("wrong "), "bury.yaml" in said) == (True, True)
    assert said.endswith("1 council read, 1 file wrong")


def test_check_of_a_folder_without_councils_says_what_should_be_there(installation: Installation, call: Any) -> None:
    (installation.settings.config / "councils" / "solihull.yaml").unlink()
    done = call("check")
    with pytest.raises(ConfigurationError, match=r"expected at least one file in councils/; found none"):
        raise done.exception


def test_migrate_makes_an_empty_database_a_warehouse_and_may_be_repeated(postgres: EmbeddedServer, start: Any) -> None:
    postgres.ensure_database("command_line_migrates")
    url = postgres.url("command_line_migrates")
    said = [start("migrate", LOCAL_DIGITAL_WAREHOUSE=url) for _ in range(2)]
    assert [(done.returncode, done.stderr) for done in said] == [(0, "")] * 2
    assert said[0].stdout == said[1].stdout
    assert said[0].stdout.startswith("The warehouse is at version ")
    engine = create_engine(url)
    with engine.connect() as db:
        assert db.scalar(text("select count(*) from ledger.delivery")) == 0
    engine.dispose()


def test_expire_says_what_would_go_and_then_what_went(
    installation: Installation, workspace: Workspace, told: Any
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1")))
    told("ingest", *SOLIHULL_BINS)
    with workspace.engine.begin() as db:
        db.execute(text("update ledger.delivery set received_at = now() - interval '91 days'"))
    rest = "raw bytes of {} past retention, error reports of 0 older deliveries."
    assert told("expire", "--dry-run") == f"To remove: {rest.format('1 delivery')}"
    assert told("expire") == f"Removed: {rest.format('1 delivery')}"
    assert told("expire") == f"Removed: {rest.format('0 deliveries')}"


def test_forget_says_that_what_waits_may_hold_it_and_ends_with_1(
    installation: Installation, workspace: Workspace, told: Any
) -> None:
    case = row("MB-1", "08/10/2025 10:00")
    installation.put("missed_bins_20251104.csv", export(case, row("MB-2", "08/10/2025 11:00")))
    told("ingest", *SOLIHULL_BINS)
    which = (*SOLIHULL_BINS, "--record-ref", "MB-1", "--reason", "asked for")
    found = "1 case: 1 record, 0 events and 0 quarantined rows, in 1 delivery; 1 raw file"
    assert told("forget", *which, "--dry-run") == f"Would go: {found}."
    installation.put("missed_bins_20251105.csv", export(case))
    installation.take(workspace)
    waits = "Deliveries 2 still have to be validated and may hold it: ingest them, then forget again."
    assert told("forget", *which, "--dry-run").endswith(waits)
    said = told("forget", *which, code=1)
    assert f"Gone: {found}. `local-digital aggregate solihull` and the next publish follow." in said
    assert said.endswith(waits)
    told("ingest", *SOLIHULL_BINS)
    assert "still have to be validated" not in told("forget", *which)


def test_fault_that_nobody_expected_ends_with_1_and_shows_no_value_of_a_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stumbles() -> None:
        raise ValueError("1 Oak Road")

    monkeypatch.setattr(cli, "app", stumbles)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 1
    assert said.startswith("ValueError, a defect of the pipeline:")
    assert "Oak" not in said


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


def test_try_shows_what_was_set_aside_what_is_unsettled_and_where_the_reports_are(
    installation: Installation, told: Any, tmp_path: Path
) -> None:
    path = installation.settings.config / "councils" / "solihull.yaml"
    path.write_text(f"# CHECK: the retention\n{path.read_text('utf-8')}", "utf-8")
    export_file = tmp_path / "missed_bins_20251104.csv"
    export_file.write_text(export(row("1", "08/10/2025 10:00"), row("2", "31/02/2026 10:00")), "windows-1252")
    said = told("try", *SOLIHULL_BINS, str(export_file), "--output", str(tmp_path / "reports"))
    assert f"{export_file.name} validated 2 1 1 0" in said
    assert f"{export_file.name}: encoding windows-1252" in said
    assert f"{export_file.name}: rows set aside" in said
    assert "no_such_time Date Reported 1" in said
    written = sorted((tmp_path / "reports").iterdir())
    assert [report.suffix for report in written] == [".csv", ".html"]
    assert all(str(report) in said for report in written)
    assert said.endswith("1 thing to CHECK is left in the council's file.")


def test_try_does_not_judge_the_name_of_a_file_that_comes_from_a_folder_of_its_own(
    installation: Installation, told: Any, tmp_path: Path
) -> None:
    path = installation.settings.config / "councils" / "solihull.yaml"
    path.write_text(path.read_text("utf-8").replace("missed_bins_{date", "north/missed_bins_{date"), "utf-8")
    export_file = tmp_path / "bins.csv"
    export_file.write_text(export(row("1", "08/10/2025 10:00")), "windows-1252")
    assert json.loads(told("try", *SOLIHULL_BINS, str(export_file), "--json"))["passed_over"] == []


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
