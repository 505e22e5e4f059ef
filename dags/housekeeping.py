"""Daily housekeeping: what is past its retention goes, raw files with personal data first; Data Docs are built."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronTriggerTimetable, dag, task

from local_digital_airflow import core
from local_digital_alerts import tell_failed_run
from local_digital_docs import docs_beside

_DOCS = docs_beside(__file__)


@dag(
    dag_id="housekeeping",
    schedule=CronTriggerTimetable("40 3 * * *", timezone="Europe/London"),
    catchup=False,
    max_active_runs=1,
    tags=["housekeeping"],
    doc_md=_DOCS.dag,
    default_args={"owner": "local-digital", "retries": 2, "retry_delay": dt.timedelta(minutes=5)},
    on_failure_callback=tell_failed_run,
)
def housekeeping() -> None:
    @task(pool="warehouse", execution_timeout=dt.timedelta(hours=1), doc_md=_DOCS.tasks["expire"])
    def expire() -> dict[str, int]:
        """Remove what is past retention; return how many deliveries lost their raw bytes, and how many their report."""
        from local_digital.retention import expire as remove  # noqa: PLC0415 - keeps parsing light
        from local_digital.retention import expire_reports  # noqa: PLC0415

        with core() as workspace:
            return {"raw_files": len(remove(workspace)), "reports": len(expire_reports(workspace))}

    @task(pool="warehouse", execution_timeout=dt.timedelta(hours=1), doc_md=_DOCS.tasks["data_docs"])
    def data_docs() -> dict[str, int]:
        """Build the Data Docs of the day's deliveries, remove the oldest; return how many pages of each."""
        from local_digital.data_docs import build  # noqa: PLC0415 - keeps parsing light

        with core() as workspace:
            built = build(workspace)
        return {"written": len(built.written), "removed": len(built.removed)}

    expire()
    data_docs()


housekeeping()
