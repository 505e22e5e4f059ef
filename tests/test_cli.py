"""The command line: JSON on every command, exit codes that mean something, nothing personal in what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import Installation, export, row


@pytest.fixture
def run(installation: Installation) -> Any:
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

    def run(*arguments: str, **changes: str) -> tuple[int, Any, str]:
        done = subprocess.run(
            [sys.executable, "-m", "local_digital", *arguments, "--json"],
            env={**environment, **changes},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

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
    planned = run("publish", "--dry-run")[1]
    assert all(not plan["sent"] for plan in planned)
    sent = run("publish", "solihull")[1]
    assert {plan["data_set"]: plan["new"] for plan in sent} == {
        "transactions-by-channel": 16, "missed-bin-by-ward": 3, "digital-takeup": 1,
    }  # fmt: skip
    assert run("reconcile", "solihull")[0] == 0
    figures = run("kpis", "solihull", "report-missed-bin", "--period", "week")[1]
    assert {"kpi": "volume", "value": 1}.items() <= figures[0].items() or any(
        figure["kpi"] == "volume" and figure["value"] == 1 for figure in figures
    )
    (feed,) = run("status", "solihull")[1]
    assert (feed["last_delivery"], feed["last_status"]) == ("missed_bins_20251104.csv", "loaded")


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
