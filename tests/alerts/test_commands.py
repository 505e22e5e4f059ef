"""The commands about alerts, as people and programs call them."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from local_digital.calendar import local_day, midnight
from tests.alerts.conftest import BINS
from tests.commands import local_digital

if TYPE_CHECKING:
    import subprocess

    from tests.alerts.conftest import House


def run(house: House, *arguments: str, environment: str = "production") -> subprocess.CompletedProcess[str]:
    smtp = house.connections["alerts_smtp"]
    facts: dict[str, Any] = {"host": smtp.host, "port": smtp.port, "login": smtp.login, "password": smtp.password}
    variables = {
        "COLUMNS": "200",
        "LOCAL_DIGITAL_CONFIG": str(house.settings.config),
        "LOCAL_DIGITAL_WAREHOUSE": str(house.settings.warehouse),
        "LOCAL_DIGITAL_LANDING": house.settings.landing,
        "LOCAL_DIGITAL_ENVIRONMENT": environment,
        "LOCAL_DIGITAL_ALERTS": str(house.settings.alerts),
        "LOCAL_DIGITAL_CONN_ALERTS_SMTP": json.dumps({**facts, "extra": dict(smtp.extra)}),
    }
    return local_digital(*arguments, **variables)


def test_a_silence_is_made_shown_and_lifted(house: House) -> None:
    until = str(local_day(dt.datetime.now(dt.UTC)) + dt.timedelta(days=7))
    assert run(house, "silence", "solihull", BINS, "--until", until).returncode == 2
    assert run(house, "silence", "solihull", BINS).returncode == 2

    made = run(house, "silence", "solihull", BINS, "--until", until, "--reason", "new system", "--by", "Ada", "--json")

    assert made.returncode == 0, made.stderr
    (shown,) = json.loads(run(house, "silences", "--json").stdout)
    assert {name: shown[name] for name in ("council", "transaction", "until", "reason", "by")} == {
        "council": "solihull", "transaction": BINS, "until": until, "reason": "new system", "by": "Ada",
    }  # fmt: skip
    assert "new system" in run(house, "silences", "solihull").stdout
    assert json.loads(run(house, "silence", "solihull", BINS, "--lift", "--json").stdout) == {"lifted": 1}
    assert json.loads(run(house, "silences", "--json").stdout) == []


def test_an_end_that_is_no_day_is_refused_in_words(house: House) -> None:
    done = run(house, "silence", "solihull", BINS, "--until", "24/12/2026", "--reason", "new system")
    assert done.returncode == 2
    told = " ".join(done.stderr.replace("│", " ").split())
    assert "expected a day as YYYY-MM-DD, such as 2026-12-24; found 24/12/2026" in told
    assert "%" not in told


def test_watch_tells_in_production_and_says_otherwise_what_it_would_tell(house: House) -> None:
    house.deliver(BINS, midnight(dt.date(2026, 3, 2)))

    dry = run(house, "watch", environment="test")
    assert f"late: solihull {BINS}" in dry.stdout
    assert "Nobody was told" in dry.stdout
    assert house.mail.mails == []

    assert json.loads(run(house, "watch", "--json").stdout)["late"] == [f"solihull {BINS}"]
    assert len(house.mail.mails) == 1
    house.mail.busy = True
    house.deliver(BINS, dt.datetime.now(dt.UTC))
    failed = run(house, "watch")
    assert (failed.returncode, "alerts_smtp" in failed.stderr) == (1, True)


def test_a_test_message_says_which_channel_did_not_take_it(house: House) -> None:
    assert "1 of 1 channels took" in run(house, "alert-test", "solihull").stdout
    taken = json.loads(run(house, "alert-test", "--json").stdout)
    assert (taken["taken"], taken["channels"], taken["faults"]) == (1, 1, [])
    house.mail.password = "another"

    refused = run(house, "alert-test")

    assert (refused.returncode, "alerts_smtp" in refused.stderr) == (1, True)
    assert "mail-password" not in refused.stderr
    assert run(house, "alert-test", environment="test").returncode == 2
    assert run(house, "alert-test", "nowhere").returncode == 2


def test_metrics_go_to_a_file_or_are_printed(house: House) -> None:
    house.deliver(BINS, midnight(dt.date(2026, 3, 2)))
    output = house.settings.config.parent / "local_digital.prom"

    printed = run(house, "metrics").stdout
    assert run(house, "metrics", "--output", str(output)).stdout == ""

    assert f'local_digital_feed_late{{council="solihull",transaction="{BINS}"}} 1\n' in printed
    assert output.read_text("utf-8").splitlines()[0] == printed.splitlines()[0]


def test_check_reads_the_installation_s_channels_too(house: House) -> None:
    assert run(house, "check").returncode == 0
    assert house.settings.alerts is not None
    house.settings.alerts.write_text("alerts:\n  - { kind: pager }\n", "utf-8")

    wrong = run(house, "check")

    assert (wrong.returncode, "alerts" in wrong.stdout) == (2, True)
