"""The few requests to Airflow's REST API that the demo makes."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from local_digital.calendar import midnight
from local_digital.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_OK = 400
_CONFLICT = 409
_COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")
_UNFINISHED = ["running", "queued"]
_MOST = 100
# On a busy machine with two cores an answer has taken longer than half a minute while the first tasks started.
_ANSWER_SECONDS = 120
# Nobody reads faster. An answer that comes before the task is parked is lost, and the task waits for ever. One that
# comes before the executor has reported the end of the first half, up to five seconds late, gets the second one killed.
_READING = dt.timedelta(seconds=10)


@dataclass
class AirflowApi:
    """base_url: without a slash at its end. password: the one of `admin`."""

    base_url: str
    password: str = field(repr=False)
    _session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        self._session.trust_env = False

    def is_healthy(self) -> bool:
        try:
            answer = self._session.get(f"{self.base_url}/api/v2/monitor/health", timeout=10)
            return answer.ok and all(answer.json()[name]["status"] == "healthy" for name in _COMPONENTS)
        except (requests.RequestException, ValueError, KeyError, TypeError):
            return False

    def log_in(self) -> None:
        answer = self._call("POST", "/auth/token", {"username": "admin", "password": self.password})
        self._session.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def ensure_pool(self, name: str, slots: int, description: str) -> None:
        facts = {"name": name, "slots": slots, "description": description}
        self._call("POST", "/api/v2/pools", facts, also=_CONFLICT)

    def unpause(self, dag_id: str) -> None:
        self._call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def parsed_since(self, moment: dt.datetime) -> set[str]:
        """Return the ids of the DAGs that have been read from their files since a moment (aware)."""
        dags = self._call("GET", f"/api/v2/dags?limit={_MOST}")["dags"]
        return {
            dag["dag_id"]
            for dag in dags
            if dag["last_parsed_time"] and dt.datetime.fromisoformat(dag["last_parsed_time"]) > moment
        }

    def trigger(self, dag_id: str, run_id: str) -> str:
        """Start a run by hand; return its id."""
        # By its date Airflow serves first what was begun first; runs without one, by the DAGs' names.
        now = dt.datetime.now(dt.UTC).isoformat()
        self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"dag_run_id": run_id, "logical_date": now})
        return run_id

    def backfill(self, dag_id: str, day: dt.date) -> str:
        """Run a London day's slot of the schedule, again if it has been run; return the run's id."""
        from_date, to_date = midnight(day), midnight(day + dt.timedelta(days=1)) - dt.timedelta(seconds=1)
        self._call(
            "POST",
            "/api/v2/backfills",
            {
                "dag_id": dag_id, "from_date": from_date.isoformat(), "to_date": to_date.isoformat(),
                "reprocess_behavior": "completed", "max_active_runs": 1,
            },
        )  # fmt: skip
        found = self._runs(
            {"dag_ids": [dag_id], "logical_date_gte": from_date.isoformat(), "logical_date_lte": to_date.isoformat()}
        )
        return str(next(run["dag_run_id"] for run in found if run["run_type"] == "backfill"))

    def give_up_unfinished_runs(self, dag_ids: Iterable[str]) -> None:
        """Mark runs that a killed demo left as failed: only one run of a DAG is active at a time, and one backfill."""
        for dag_id in dag_ids:
            for backfill in self._call("GET", f"/api/v2/backfills?dag_id={dag_id}")["backfills"]:
                if backfill["completed_at"] is None:
                    self._call("PUT", f"/api/v2/backfills/{backfill['id']}/cancel", also=_CONFLICT)
        for dag_id, run_id in self.unfinished(dag_ids):
            self._call("PATCH", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}", {"state": "failed"})

    def unfinished(self, dag_ids: Iterable[str]) -> set[tuple[str, str]]:
        """Return DAG and run of every run of these DAGs that has not ended."""
        runs = self._runs({"dag_ids": list(dag_ids), "states": _UNFINISHED})
        return {(run["dag_id"], run["dag_run_id"]) for run in runs}

    def run_state(self, dag_id: str, run_id: str) -> str:
        return str(self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        return list(self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"])

    def active_tasks(self, dag_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Return the tasks of these DAGs that run, or wait for something to happen."""
        asked = {"dag_ids": list(dag_ids), "state": ["running", "deferred", "awaiting_input"], "page_limit": _MOST}
        return list(self._call("POST", "/api/v2/dags/~/dagRuns/~/taskInstances/list", asked)["task_instances"])

    def answer_questions(self, dag_ids: Iterable[str]) -> int:
        """Answer the questions that have waited for a moment as somebody would who lets feeds go live and keeps unusual
        figures back; return how many.
        """
        asked = self._call("GET", f"/api/v2/dags/~/dagRuns/~/hitlDetails?response_received=false&limit={_MOST}")
        of, answered = set(dag_ids), 0
        for question in asked["hitl_details"]:
            task = question["task_instance"]
            asked_at = dt.datetime.fromisoformat(question["created_at"])
            parked = task["state"] == "awaiting_input" and dt.datetime.now(dt.UTC) - asked_at > _READING
            if task["dag_id"] not in of or not parked:
                continue
            names = {option: option.removeprefix("Release ").strip('"') for option in question["options"]}
            going_live = [
                option for option, name in names.items()
                if f"**{name}** waits for a decision: going live" in question["body"]
            ]  # fmt: skip
            chosen = going_live or question["options"][-1:]
            path = f"/api/v2/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
            # One that was answered this moment, or whose run was given up, is no question any more.
            self._call(
                "PATCH", f"{path}/-1/hitlDetails", {"chosen_options": chosen, "params_input": {}}, also=_CONFLICT
            )
            answered += 1
        return answered

    def fault(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> str:
        """Return what a task that failed says of it, the last word of its log."""
        faults = [
            str(fault.get("exc_value") or "") for line in self.log(dag_id, run_id, task_id, try_number)
            for fault in line.get("error_detail") or []
        ]  # fmt: skip
        return faults[-1] if faults else ""

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> list[dict[str, Any]]:
        """Return the lines of a task's log, with those that say where they were found."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}?full_content=true"
        return [line for line in self._call("GET", path)["content"] if isinstance(line, dict)]

    def _runs(self, asked: dict[str, object]) -> list[dict[str, Any]]:
        answer = self._call("POST", "/api/v2/dags/~/dagRuns/list", {**asked, "page_limit": _MOST})
        return list(answer["dag_runs"])

    def _call(self, method: str, path: str, body: dict[str, object] | None = None, also: int = 0) -> dict[str, Any]:
        try:
            answer = self._session.request(method, self.base_url + path, json=body, timeout=_ANSWER_SECONDS)
        except requests.RequestException as error:
            raise TransportError(
                "Airflow's API", expected="an answer", found=type(error).__name__, action="Read the logs."
            ) from None
        if answer.status_code >= _OK and answer.status_code != also:
            raise TransportError(
                f"Airflow's API, {method} {path}",
                expected="success",
                found=f"status {answer.status_code}",
                action="Read the logs of Airflow.",
            )
        return dict(answer.json())


def wait_until(happened: Callable[[], bool], seconds: float, what: str, check: Callable[[], None]) -> None:
    """Return once it has happened; `check` may raise meanwhile. Raises TransportError after so many seconds."""
    until = time.monotonic() + seconds
    while not happened():
        check()
        if time.monotonic() > until:
            raise TransportError(
                what, expected=f"it within {seconds:.0f} s", found="nothing yet", action="Read the logs."
            )
        time.sleep(0.4)
