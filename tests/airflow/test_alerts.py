"""A task that fails leaves its fault in the ledger, and a run that fails is told by the DAG's callback."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time.context import set_current_context
from airflow.serialization.serialized_objects import DagSerialization
from sqlalchemy import create_engine, text

from local_digital.errors import DataError, LateError, LocalDigitalError, ReconciliationError, TransportError
from local_digital.migrations import migrate
from local_digital.settings import ROOT
from local_digital_airflow import core
from local_digital_alerts import tell_failed_run
from tests.alerts.servers import MailServer, mail_serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOLIHULL, BINS, RUN = "council_solihull", "report-missed-bin", "scheduled__2026-11-03T05:20:00+00:00"


class Airflow:
    """One installation as the tasks of a run see it."""

    def __init__(self, url: str, mail: MailServer) -> None:
        self.url, self.mail = url, mail

    def task(self, task_id: str, error: Exception | None = None, *, mends: bool = True, run_id: str = RUN) -> None:
        """Run a task that ends well, or with a fault."""
        context: Any = {"ti": SimpleNamespace(dag_id=SOLIHULL, run_id=run_id, task_id=task_id)}
        with set_current_context(context), core(mends=mends):
            if error:
                raise error

    def callback(self, run_id: str = RUN, dag_id: str = SOLIHULL) -> None:
        tell_failed_run({"dag": SimpleNamespace(dag_id=dag_id), "run_id": run_id, "reason": "task_failure"})

    def faults(self) -> list[tuple[str, str, str, bool]]:
        engine = create_engine(self.url)
        with engine.connect() as db:
            rows = db.execute(text("select * from ledger.fault order by at")).all()
        engine.dispose()
        return [(row.transaction, row.step, row.error, row.mended_at is not None) for row in rows]


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> Iterator[Airflow]:
    migrate(database_url)
    shutil.copytree(ROOT / "include" / "transactions", tmp_path / "transactions")
    (tmp_path / "councils").mkdir()
    facts = yaml.safe_load((ROOT / "include" / "councils" / "solihull.yaml").read_text("utf-8"))
    facts["alerts"] = [{"kind": "email", "to": ["bins@example.org"]}]
    (tmp_path / "councils" / "solihull.yaml").write_text(yaml.safe_dump(facts), "utf-8")
    with mail_serving(MailServer("robot", "a-password")) as mail:
        extra = {"tls": "none", "from": "local-digital@example.org"}
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": mail.port, "login": "robot",
                      "password": "a-password", "extra": extra}  # fmt: skip
        for name, value in {
            "LOCAL_DIGITAL_CONFIG": str(tmp_path),
            "LOCAL_DIGITAL_WAREHOUSE": database_url,
            "LOCAL_DIGITAL_LANDING": str(tmp_path / "landing"),
            "LOCAL_DIGITAL_ENVIRONMENT": "production",
            "AIRFLOW_CONN_ALERTS_SMTP": json.dumps(connection),
            "AIRFLOW__API__BASE_URL": "https://airflow.example.org/",
        }.items():
            monkeypatch.setenv(name, value)
        yield Airflow(database_url, mail)


def fault(kind: type[LocalDigitalError]) -> LocalDigitalError:
    return kind("x", expected="a", found="b", action="c")


def test_a_task_s_fault_is_in_the_ledger_until_the_same_step_ends_well(airflow: Airflow) -> None:
    with pytest.raises(TransportError):
        airflow.task(f"{BINS}.extract", fault(TransportError))
    with pytest.raises(AirflowFailException):
        airflow.task(f"{BINS}.extract", fault(LateError))
    with pytest.raises(AirflowFailException):
        airflow.task("aggregate", ValueError("Ann Other, 1 Oak Road"))
    assert airflow.faults() == [(BINS, "extract", "LateError", False), ("", "aggregate", "Defect", False)]

    airflow.task("aggregate", run_id="manual__1")

    assert airflow.faults() == [(BINS, "extract", "LateError", False), ("", "aggregate", "Defect", True)]


def test_to_wait_for_an_export_mends_nothing(airflow: Airflow) -> None:
    with pytest.raises(AirflowFailException):
        airflow.task(f"{BINS}.extract", fault(LateError))

    airflow.task(f"{BINS}.extract", mends=False, run_id="the next night")

    assert airflow.faults() == [(BINS, "extract", "LateError", False)]


def test_a_verdict_with_a_fault_of_its_own_keeps_its_words(airflow: Airflow) -> None:
    verdict = AirflowFailException("Tasks of this run failed: a.")
    verdict.__cause__ = fault(ReconciliationError)

    with pytest.raises(AirflowFailException, match="Tasks of this run failed"):
        airflow.task("reconcile", verdict)

    assert airflow.faults() == [("", "reconcile", "ReconciliationError", False)]


def test_outside_of_a_task_nothing_is_noted(airflow: Airflow) -> None:
    with pytest.raises(AirflowFailException), core():
        raise fault(DataError)

    assert airflow.faults() == []


def test_the_callback_tells_what_the_tasks_have_left_with_a_link_to_the_run(airflow: Airflow) -> None:
    with pytest.raises(AirflowFailException):
        airflow.task(f"{BINS}.validate", fault(DataError))

    airflow.callback()
    airflow.callback()

    ((to, mail),) = airflow.mail.mails
    assert to == ["bins@example.org"]
    assert f"{BINS} validate failed (data)" in mail["Subject"]
    link = "https://airflow.example.org/dags/council_solihull/runs/scheduled__2026-11-03T05%3A20%3A00%2B00%3A00"
    assert link in mail.get_content()


def test_a_callback_that_cannot_tell_says_why_in_the_log_and_no_more(
    airflow: Airflow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_ALERTS_SMTP")
    monkeypatch.setenv("LOCAL_DIGITAL_ALERTS", "/nowhere/alerts.yaml")

    airflow.callback()
    airflow.callback(dag_id="availability")

    assert airflow.mail.mails == []
    assert "connection alerts_smtp" in caplog.text
    assert "/nowhere/alerts.yaml" in caplog.text


def test_every_dag_tells_when_a_run_fails(airflow: Airflow) -> None:
    bag = DagBag(ROOT / "dags")

    assert bag.import_errors == {}
    assert set(bag.dags) >= {SOLIHULL, "watch", "housekeeping", "open_data", "availability"}
    assert {name for name, dag in bag.dags.items() if dag.on_failure_callback is not tell_failed_run} == set()
    assert airflow.mail.mails == []


def test_the_watch_looks_every_hour(airflow: Airflow) -> None:
    dag = DagBag(ROOT / "dags").dags["watch"]

    (look,) = dag.tasks
    assert (look.task_id, look.pool) == ("look", "warehouse")
    assert look.execution_timeout is not None
    assert (dag.catchup, dag.max_active_runs, dag.tags) == (False, 1, {"watch"})
    assert DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable.summary == "25 * * * *"
    assert look.python_callable()["late"] == []
    assert airflow.mail.mails == []
