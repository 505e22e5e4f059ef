"""Service availability: every hour one look at each page on which a council offers a transaction, then its figures."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronTriggerTimetable, dag, get_current_context, task

from local_digital_airflow import core
from local_digital_alerts import tell_failed_run
from local_digital_docs import docs_beside

_DOCS = docs_beside(__file__)
_TIMEOUT = dt.timedelta(minutes=30)


@dag(
    dag_id="availability",
    dag_display_name="Service availability",
    # In UTC no hour comes twice and none is left out; at its beginning other people's timetables are busy.
    schedule=CronTriggerTimetable("7 * * * *", timezone="UTC", run_immediately=dt.timedelta(0)),
    catchup=False,
    max_active_runs=1,
    tags=["availability"],
    doc_md=_DOCS.dag,
    default_args={"owner": "local-digital", "retries": 2, "retry_delay": dt.timedelta(minutes=5)},
    on_failure_callback=tell_failed_run,
)
def availability() -> None:
    @task(pool="api", execution_timeout=_TIMEOUT, doc_md=_DOCS.tasks["check"])
    def check() -> dict[str, int]:
        """Look at the pages that are due; return how many were up, down and unmonitored."""
        from local_digital.availability import check as look  # noqa: PLC0415 - keeps parsing light

        with core() as workspace:
            states = [done.state for done in look(workspace)]
        return {state: states.count(state) for state in ("up", "down", "unmonitored")}

    @task(pool="platform", execution_timeout=_TIMEOUT, doc_md=_DOCS.tasks["publish"])
    def publish() -> dict[str, object]:
        """Send the hours that are finished; return what was sent, by council."""
        from local_digital.publishing.hourly import publish_hourly  # noqa: PLC0415 - keeps parsing light

        with core() as workspace:
            reports = publish_hourly(workspace, run_id=get_current_context()["run_id"])
        return {council: report.as_json() for council, report in reports.items()}

    check() >> publish()


availability()
