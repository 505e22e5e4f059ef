"""The watch: every hour a look for feeds of which nothing arrives, and for messages that could not be sent."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronTriggerTimetable, dag, task

from local_digital_airflow import core
from local_digital_alerts import airflow_address, tell_failed_run
from local_digital_docs import docs_beside

_DOCS = docs_beside(__file__)


@dag(
    dag_id="watch",
    schedule=CronTriggerTimetable("25 * * * *", timezone="UTC", run_immediately=dt.timedelta(0)),
    catchup=False,
    max_active_runs=1,
    tags=["watch"],
    doc_md=_DOCS.dag,
    default_args={"owner": "local-digital", "retries": 2, "retry_delay": dt.timedelta(minutes=5)},
    on_failure_callback=tell_failed_run,
)
def watch() -> None:
    @task(pool="warehouse", execution_timeout=dt.timedelta(minutes=30), doc_md=_DOCS.tasks["look"])
    def look() -> dict[str, object]:
        """Look, tell and send; return which feeds are late and which have come."""
        from local_digital.alerts.watch import watch as look_at_feeds  # noqa: PLC0415 - keeps parsing light

        with core() as workspace:
            report = look_at_feeds(workspace, airflow=airflow_address())
            if report.unsent:
                # What is noted is noted: another try only sends.
                raise next((error for error in report.unsent if error.retry), report.unsent[0])
        return report.as_json()

    look()


watch()
