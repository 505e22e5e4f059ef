"""OpenLineage: off unless asked for; then events name feed, tables and data sets, and hold no value of a row."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.engine import make_url

from local_digital.landing import LandingStore
from local_digital.lineage import Lineage, extracted, reconciled
from local_digital.settings import ROOT, Connection
from local_digital_lineage import tell
from tests.conftest import Installation, export, row

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.workspace import Workspace

COUNCIL, FEED = "solihull", "report-missed-bin"
PERSONAL = ("Other", "Oak Road", "a@example.org", "100070000001", "case-7", "case-8")
RUN = """
import sys
import time
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.db import initdb
from local_digital.deliveries import Wait

initdb()
dag = DagBag("dags").dags["council_solihull"]
operator = type(dag.get_task("report-missed-bin.extract"))
look = operator._extract

def look_twice(self, context, looked):
    # A run of this kind does not hand a deferred task what it saw.
    step = look(self, context, looked)
    while isinstance(step, Wait):
        time.sleep(step.seconds)
        step = look(self, context, step.looked)
    return step

operator._extract = look_twice
# At once: what other threads log must not come between.
state = dag.test(run_conf={"ask": False}).state
sys.stdout.write(f"\\nSTATE {state}\\n")
"""


@dataclass
class Night:
    """A run of the council's DAG in Airflow: how it ended, what it said, and the OpenLineage events that it sent."""

    state: str
    said: str
    events: list[dict[str, Any]]

    def event(self, task: str, kind: str = "COMPLETE") -> dict[str, Any]:
        """The one event of a kind about a task."""
        (found,) = [
            event for event in self.events
            if event["job"]["name"] == f"council_{COUNCIL}.{task}" and event["eventType"] == kind
        ]  # fmt: skip
        return found

    def names(self, task: str, side: str) -> set[tuple[str, str]]:
        """Namespace and name of what a task read (`inputs`) or wrote (`outputs`)."""
        return {(one["namespace"], one["name"]) for one in self.event(task)[side]}

    def facet(self, task: str, side: str, name: str, facet: str) -> Any:
        """A facet about a data set whose name ends so, None where there is none."""
        (found,) = [one for one in self.event(task)[side] if one["name"].endswith(name)]
        own = found[{"inputs": "inputFacets", "outputs": "outputFacets"}[side]]
        return own.get(facet) or found["facets"].get(facet)


def run(installation: Installation, folder: Path, **settings: str) -> Night:
    """Run the council's DAG once, in a process and an Airflow of its own."""
    connections = {}
    for name, kind in (("sftp", "sftp"), ("privacy", "generic"), ("platform", "http")):
        found = installation.settings.connection(f"{COUNCIL}_{name}")
        connections[f"AIRFLOW_CONN_{COUNCIL}_{name}".upper()] = json.dumps({
            "conn_type": kind, "host": found.host, "port": found.port, "login": found.login,
            "password": found.password, "extra": dict(found.extra),
        })  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "LOCAL_DIGITAL_"))}
    assert installation.settings.warehouse is not None
    environment = {
        **kept, **connections,
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("include", "plugins")),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "LOCAL_DIGITAL_CONFIG": str(installation.settings.config),
        "LOCAL_DIGITAL_WAREHOUSE": installation.settings.warehouse,
        "LOCAL_DIGITAL_LANDING": installation.settings.landing,
        "LOCAL_DIGITAL_SPOOL": str(installation.settings.spool),
        "LOCAL_DIGITAL_SITE": installation.settings.site,
        **settings,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    told = folder / "events.json"
    events = [json.loads(line) for line in told.read_text("utf-8").splitlines()] if told.exists() else []
    return Night(said.rpartition("STATE ")[2].split()[0], said, events)


def to_file(folder: Path) -> dict[str, str]:
    """The setting that turns it on, here with a file to send to."""
    transport = {"type": "file", "log_file_path": str(folder / "events.json"), "append": True}
    return {"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport)}


def send(installation: Installation) -> None:
    """Two rows that are fine but for a ward, one whose day is none."""
    rows = [row("case-7"), row("case-8", ward=""), row("case-9", "31/02/2025 10:00")]
    installation.put("missed_bins_20251104.csv", export(*rows))


@pytest.fixture
def night(installation: Installation, tmp_path: Path) -> Night:
    send(installation)
    return run(installation, tmp_path, **to_file(tmp_path))


def test_each_step_names_what_it_reads_and_writes_with_counts_and_checks_and_no_value_of_a_row(
    night: Night, installation: Installation
) -> None:
    assert night.state == "success", night.said[-4000:]
    url = make_url(str(installation.settings.warehouse))
    warehouse = f"postgres://{url.host}:{url.port}"

    def tables(*names: str) -> set[tuple[str, str]]:
        return {(warehouse, f"{url.database}.{name}") for name in names}

    feed = {(f"council/{COUNCIL}", FEED)}
    raw, accepted = (
        {("file", f"{installation.settings.landing}/{kind}/{COUNCIL}/{FEED}")} for kind in ("raw", "accepted")
    )
    marts = tables("marts.volume", "marts.period", "marts.kpi")
    group = "solihull-local-authority"
    shown = {
        (installation.platform_url, f"{group}/{name}")
        for name in ("transactions-by-channel", "missed-bin-by-ward", "digital-takeup")
    }
    found = {
        task: (night.names(task, "inputs"), night.names(task, "outputs"))
        for task in (f"{FEED}.extract", f"{FEED}.validate", f"{FEED}.load", "aggregate", "publish", "reconcile")
    }
    opened = tables("open_data.volume", "open_data.period", "open_data.kpi")
    assert found == {
        f"{FEED}.extract": (feed, raw),
        f"{FEED}.validate": (raw, accepted | tables("ledger.quarantine")),
        f"{FEED}.load": (accepted, tables("core.record")),
        "aggregate": (tables("core.record"), marts),
        "publish": (marts, shown | opened),
        "reconcile": (marts | shown, set()),
    }
    assert night.facet(f"{FEED}.extract", "outputs", FEED, "outputStatistics")["fileCount"] == 1
    assert night.facet(f"{FEED}.extract", "inputs", FEED, "dataSource")["name"] == f"{COUNCIL}_sftp"
    assert night.facet(f"{FEED}.validate", "inputs", FEED, "inputStatistics")["rowCount"] == 3
    assert night.facet(f"{FEED}.validate", "outputs", FEED, "outputStatistics")["rowCount"] == 2
    assert night.facet(f"{FEED}.validate", "outputs", "ledger.quarantine", "outputStatistics")["rowCount"] == 1
    assert night.facet(f"{FEED}.load", "outputs", "core.record", "outputStatistics")["rowCount"] == 2
    checks = night.facet(f"{FEED}.validate", "inputs", FEED, "dataQualityAssertions")["assertions"]
    by_column = {(check["assertion"], check.get("column")): check for check in checks}
    reference = by_column["expect_column_values_to_not_be_null", "record_ref"]
    assert (reference["success"], reference["severity"]) == (True, "error")
    wards = by_column["expect_column_values_to_not_be_null", "ward"]
    assert (wards["success"], wards["severity"], wards["actual"]) == (False, "warn", "1 rows otherwise")
    # And no event of any kind, the failures' included, holds a value of a row or a secret.
    told = json.dumps(night.events)
    secrets = [
        *installation.tokens.values(),
        *(installation.settings.connection(f"{COUNCIL}_{name}").password for name in ("sftp", "privacy")),
        url.password,
    ]
    assert len(night.events) > 12
    assert [value for value in (*PERSONAL, *secrets) if value and value in told] == []


@pytest.mark.parametrize(("settings", "asked"), [
    ({}, 0),
    ({"DISABLED": "True", "TRANSPORT": '{"type": "console"}'}, 0),
    ({"DISABLED": "False", "TRANSPORT": ""}, 0),
    ({"DISABLED": "False", "TRANSPORT": '{"type": "console"}'}, 1),
])  # fmt: skip
def test_what_a_step_read_and_wrote_is_looked_up_only_where_events_are_sent(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], asked: int
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"AIRFLOW__OPENLINEAGE__{name}", value)
    looked: list[int] = []

    def facts() -> Lineage:
        looked.append(1)
        return Lineage((), ())

    tell(facts)
    assert len(looked) == asked


def test_facts_that_cannot_be_found_fail_no_task_and_are_not_quoted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", '{"type": "console"}')

    def facts() -> Lineage:
        raise ValueError("Ann Other, 1 Oak Road")

    tell(facts)
    assert "ValueError" in caplog.text
    assert "Ann Other" not in caplog.text


def test_no_name_holds_who_logs_in(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    with_login = replace(
        workspace,
        settings=replace(
            workspace.settings, connection=lambda name: Connection(name, "https://ada:pw@platform.test:8443/x?key=pw")
        ),
        landing=LandingStore("memory://landing"),
    )
    feed = with_login.feed(COUNCIL, FEED)
    monkeypatch.setattr(LandingStore, "where", lambda _, name: f"s3://id:pw@bucket/landing/{name}")
    raw = extracted(with_login, feed, []).written[0]
    assert (raw.namespace, raw.name) == ("s3://bucket", f"landing/raw/{COUNCIL}/{FEED}")
    names = {(one.namespace, one.name) for one in reconciled(with_login, COUNCIL, None).read}
    assert ("https://platform.test:8443", "solihull-local-authority/digital-takeup") in names
    assert not [part for pair in names for part in pair if "pw" in part]
