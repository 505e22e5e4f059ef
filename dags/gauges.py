"""The feeds' gauges for whoever watches this installation, every five minutes where Airflow sends metrics at all."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronTriggerTimetable, dag, task

from local_digital_airflow import core
from local_digital_alerts import tell_failed_run
from local_digital_docs import docs_beside
from local_digital_gauges import metrics_are_sent, send

_DOCS = docs_beside(__file__)


@dag(
    dag_id="gauges",
    schedule=CronTriggerTimetable("*/5 * * * *", timezone="UTC", run_immediately=dt.timedelta(0))
    if metrics_are_sent()
    else None,
    catchup=False,
    max_active_runs=1,
    tags=["watch"],
    doc_md=_DOCS.dag,
    default_args={"owner": "local-digital", "retries": 0},
    on_failure_callback=tell_failed_run,
)
def gauges() -> None:
    @task(pool="warehouse", execution_timeout=dt.timedelta(minutes=4), doc_md=_DOCS.tasks["measure"])
    def measure() -> int:
        """Send all gauges; return how many values that were."""
        from local_digital.metrics import gauges as measured  # noqa: PLC0415 - keeps parsing light

        with core() as workspace:
            return send(measured(workspace))

    measure()


gauges()
