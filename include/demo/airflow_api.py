"""The few requests to Airflow's REST API that the demo makes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from local_digital.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

_OK = 400
_CONFLICT = 409
_COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


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

    def pause(self, dag_id: str, *, paused: bool) -> None:
        self._call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": paused})

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        answer = self._session.get(f"{self.base_url}/api/v2/dags/{dag_id}", timeout=30)
        return dict(answer.json()) if answer.ok else None

    def trigger(self, dag_id: str, run_id: str) -> None:
        self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"dag_run_id": run_id, "logical_date": None})

    def give_up_unfinished_runs(self, dag_id: str) -> None:
        """Mark runs that a killed demo left as failed: only one run of a DAG is active at a time."""
        found = self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns?state=running&state=queued")["dag_runs"]
        for run in found:
            self._call("PATCH", f"/api/v2/dags/{dag_id}/dagRuns/{run['dag_run_id']}", {"state": "failed"})

    def run_state(self, dag_id: str, run_id: str) -> str:
        return str(self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        return list(self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"])

    def _call(self, method: str, path: str, body: dict[str, object] | None = None, also: int = 0) -> dict[str, Any]:
        try:
            answer = self._session.request(method, self.base_url + path, json=body, timeout=30)
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
