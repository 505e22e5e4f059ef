"""A whole Airflow for one council: its own databases, a run of the council's DAG, the API server with the sign-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jwt
import requests

from demo.airflow_api import wait_until
from demo.airflow_processes import Processes
from local_digital.data_docs import build
from local_digital.embedded import free_port
from local_digital.settings import ROOT
from local_digital.workspace import Workspace
from tests.anywhere import settings_for
from tests.board.places import BAD, GOOD, HEADER, Places, export

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer

COUNCIL = "east-example"
DAG = f"council_{COUNCIL}"
GOOD_NIGHT, BAD_NIGHT = "20251103.csv", "20251104.csv"
USER, PASSWORD = "viewer", "let-the-viewer-in"
_JWT_SECRET = "a-secret-of-this-airflow-" * 4


@dataclass(frozen=True)
class RealAirflow:
    """url: of the API server, without a slash at its end. run_id: of the run that took both deliveries."""

    url: str
    run_id: str

    def token(self) -> str:
        """Sign in as the REST API's users do."""
        answer = requests.post(f"{self.url}/auth/token", json={"username": USER, "password": PASSWORD}, timeout=30)
        return str(answer.json()["access_token"])

    def forged(self, *, key: str = _JWT_SECRET, algorithm: str = "HS512", **claims: object) -> str:
        """A token of this Airflow with something about it changed."""
        facts = jwt.decode(self.token(), options={"verify_signature": False}) | claims
        return jwt.encode(facts, key, algorithm=algorithm)


@contextmanager
def real_airflow(postgres: EmbeddedServer, folder: Path) -> Iterator[RealAirflow]:
    """Run the council's chain on a delivery that is fine but for a row and on one without a column; serve Airflow."""
    for database in ("real_airflow", "real_warehouse"):
        postgres.ensure_database(database)
    drop = folder / "drop"
    drop.mkdir()
    (drop / GOOD_NIGHT).write_text(export(GOOD, BAD), "utf-8")
    (drop / BAD_NIGHT).write_text(export(GOOD).replace(HEADER, HEADER.replace("channel", "how")), "utf-8")
    settings = settings_for(postgres.url("real_warehouse"), folder)
    with Workspace.open(settings) as workspace:
        source = {"kind": "folder", "folder": str(drop), "files": "{date:%Y%m%d}.csv", "settle_seconds": 0.1}
        Places(workspace, folder).add(COUNCIL, source=source)
    passwords = folder / "passwords.json"
    passwords.write_text(json.dumps({USER: PASSWORD}), "utf-8")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "LOCAL_DIGITAL_"))}
    environment = kept | {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API_AUTH__JWT_SECRET": _JWT_SECRET,
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:viewer",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url("real_airflow"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_PRIVACY": json.dumps({"conn_type": "generic", "password": "a-secret"}),
        "LOCAL_DIGITAL_CONFIG": str(settings.config),
        "LOCAL_DIGITAL_LANDING": settings.landing,
        "LOCAL_DIGITAL_SPOOL": str(settings.spool),
        "LOCAL_DIGITAL_WAREHOUSE": settings.warehouse or "",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    airflow = [sys.executable, "-m", "airflow"]
    subprocess.run([*airflow, "db", "migrate"], env=environment, check=True, capture_output=True, timeout=120)
    processes = Processes(folder / "processes.json", folder / "logs")
    processes.start("api", [*airflow, "api-server", "--host", "127.0.0.1", "--port", str(port)], environment)
    try:
        # It ends with 1, since one of the deliveries is rejected.
        ran = subprocess.run(
            [*airflow, "dags", "test", DAG], env=environment, check=False, capture_output=True, text=True, timeout=240
        )
        assert ran.returncode == 1, ran.stdout + ran.stderr
        # As housekeeping does every night.
        with Workspace.open(settings) as workspace:
            build(workspace)
        wait_until(lambda: _answers(url), 120, "Airflow's API server", processes.check)
        served = RealAirflow(url, "")
        answer = requests.get(
            f"{url}/api/v2/dags/{DAG}/dagRuns", headers={"Authorization": f"Bearer {served.token()}"}, timeout=30
        )
        (run,) = answer.json()["dag_runs"]
        yield RealAirflow(url, run["dag_run_id"])
    finally:
        processes.stop()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/api/v2/version", timeout=5).ok
    except requests.RequestException:
        return False
