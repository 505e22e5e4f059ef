"""Daily housekeeping: raw landing files hold personal data and go when their council's retention has passed."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronTriggerTimetable, dag, task

from local_digital_airflow import core
from local_digital_alerts import tell_failed_run

_DOC = """
Removes raw landing files past the retention that each council's file states, and looks at councils' pages older than 92
days. Accepted records and the rest of the ledger stay.
It may be cleared and run again at any time.
"""


@dag(
    dag_id="housekeeping",
    schedule=CronTriggerTimetable("40 3 * * *", timezone="Europe/London"),
    catchup=False,
    max_active_runs=1,
    tags=["housekeeping"],
    doc_md=_DOC,
    default_args={"owner": "local-digital", "retries": 2, "retry_delay": dt.timedelta(minutes=5)},
    on_failure_callback=tell_failed_run,
)
def housekeeping() -> None:
    @task(pool="warehouse", execution_timeout=dt.timedelta(hours=1))
    def expire() -> int:
        """Remove what is past retention; return how many deliveries lost their raw bytes."""
        from local_digital.retention import expire as remove  # noqa: PLC0415 - keeps parsing light

        with core() as workspace:
            return len(remove(workspace))

    expire()


housekeeping()
