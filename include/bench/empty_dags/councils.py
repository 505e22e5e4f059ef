"""The DAGs of `dags/councils.py` by their ids, dependencies, pools and rules; no task does anything."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

from airflow.sdk import CronTriggerTimetable, TaskGroup, TriggerRule, dag, get_parsing_context, task


def _empty(task_id: str, pool: str, rule: TriggerRule = TriggerRule.ALL_DONE) -> Any:
    @task(task_id=task_id, pool=pool, trigger_rule=rule, execution_timeout=dt.timedelta(hours=1))
    def nothing() -> None:
        """Do nothing."""

    return nothing()


def build(council: str, transactions: list[str]) -> Any:
    """Return the empty DAG of a council."""

    @dag(
        dag_id=f"council_{council}",
        schedule=CronTriggerTimetable("0 5 * * *", timezone="Europe/London", run_immediately=dt.timedelta(0)),
        catchup=False,
        max_active_runs=1,
        default_args={"retries": 4, "retry_delay": dt.timedelta(minutes=1)},
    )
    def chain() -> None:
        loaded = []
        for transaction in transactions:
            with TaskGroup(transaction):
                extract = _empty("extract", "folder", TriggerRule.ALL_SUCCESS)
                last = _empty("load", "warehouse")
                extract >> _empty("validate", "warehouse") >> last
                loaded.append(last)
        publish = _empty("publish", "platform", TriggerRule.ALL_SUCCESS)
        loaded >> _empty("aggregate", "warehouse") >> publish >> _empty("reconcile", "platform")

    return chain()


def _build_all() -> None:
    config = Path(os.environ["LOCAL_DIGITAL_CONFIG"])
    transactions = sorted(path.stem for path in (config / "transactions").glob("*.yaml"))
    wanted = get_parsing_context().dag_id
    for path in sorted((config / "councils").glob("*.yaml")):
        if wanted in {None, f"council_{path.stem}"}:
            build(path.stem, transactions)


_build_all()
