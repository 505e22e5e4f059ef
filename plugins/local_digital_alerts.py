"""Alerts in Airflow: when a run fails, the council's people get one message about everything that failed in it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.sdk import conf
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from local_digital.errors import LocalDigitalError, defect
from local_digital_airflow import airflow_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_log = logging.getLogger(__name__)


def tell_failed_run(context: Mapping[str, Any]) -> None:
    """Send the message about a failed run: a DAG's `on_failure_callback`, which runs in the DAG processor.

    context: of Airflow; `dag` and `run_id` are all that it always has. A fault of the message itself is logged, and
    what was not sent the DAG `watch` sends.
    """
    from local_digital.alerts.run import FailedRun, tell  # noqa: PLC0415 - keeps parsing light

    dag_id, run_id = context["dag"].dag_id, context["run_id"]
    try:
        tell(airflow_settings(), FailedRun(dag_id, run_id, _failed(dag_id, run_id), airflow_address()))
    except LocalDigitalError as error:
        _log.error("No message about %s %s: %s", dag_id, run_id, error)
    except Exception as error:  # noqa: BLE001 - Airflow would log its text, which may hold anything
        _log.error("No message about %s %s: %s", dag_id, run_id, defect(error))


def airflow_address() -> str | None:
    """Return where people see Airflow, as `[api] base_url` says; None when it does not."""
    return conf.get("api", "base_url", fallback=None) or None


def _failed(dag_id: str, run_id: str) -> list[str]:
    """Return the tasks of a run that failed, not those that never ran because of them."""
    try:
        states = RuntimeTaskInstance.get_task_states(dag_id, run_ids=[run_id])
    except Exception as error:  # noqa: BLE001 - the ledger knows nearly all of them too
        _log.warning("Airflow does not say which tasks of %s failed: %s", run_id, type(error).__name__)
        return []
    return sorted(name for name, state in states.get(run_id, {}).items() if state == "failed")
