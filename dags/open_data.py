"""The open data and the pages: built again when figures that the public may see have changed."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from local_digital_airflow import core
from local_digital_alerts import tell_failed_run
from local_digital_docs import docs_beside
from local_digital_sign_off import PUBLIC_FIGURES

_DOCS = docs_beside(__file__)


@dag(
    dag_id="open_data",
    dag_display_name="Open data and pages",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("50 * * * *", timezone="UTC", run_immediately=dt.timedelta(0)),
        assets=PUBLIC_FIGURES,
    ),
    catchup=False,
    max_active_runs=1,
    tags=["open-data"],
    doc_md=_DOCS.dag,
    default_args={"owner": "local-digital", "retries": 2, "retry_delay": dt.timedelta(minutes=5)},
    on_failure_callback=tell_failed_run,
)
def open_data() -> None:
    @task(pool="warehouse", execution_timeout=dt.timedelta(hours=1), doc_md=_DOCS.tasks["build"])
    def build() -> dict[str, object]:
        """Build the site where anything changed; return what was written."""
        from local_digital.site.build import build as build_site  # noqa: PLC0415 - keeps parsing light

        with core() as workspace:
            return build_site(workspace).as_json()

    build()


open_data()
