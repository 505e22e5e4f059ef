"""Everything `make run` needs, on this machine and this loopback interface only, below `.local/`."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import secrets
import sys
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.airflow_api import AirflowApi, wait_until
from demo.airflow_processes import Processes
from demo.council import FOLDER, lay_out
from demo.sftp_server import host_key, host_key_line
from local_digital.config.loading import load_council
from local_digital.embedded import EmbeddedServer, free_port, port_is_free
from local_digital.migrations import migrate
from local_digital.settings import LOCAL, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COUNCIL = "solihull"
DAG = f"council_{COUNCIL}"
UPLOADING = "missed_bins_20260407.csv"
_USER = "solihull"
_PIPELINE = "local_digital"
_POOLS = {
    "sftp": (2, "Conversations with councils' SFTP servers"),
    "api": (2, "Conversations with councils' APIs"),
    "folder": (2, "Looks into drop folders"),
    "warehouse": (2, "Tasks that work in the warehouse"),
    "platform": (2, "Conversations with the platform"),
}
_RUN_SECONDS = 900.0


@dataclass
class Stack:
    """The running demo. seconds: how long each stage took. say: prints a line."""

    say: Callable[[str], None]
    folder: Path = LOCAL
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.postgres = EmbeddedServer(self.folder / "postgres")
        self.processes = Processes(self.folder / "demo" / "processes.json", self.folder / "logs")
        self.secrets = _secrets(self.folder / "demo" / "secrets.json")
        self.council_folder = self.folder / "demo" / "council"
        self.airflow = AirflowApi("", "")
        self.platform_url = ""

    @property
    def warehouse(self) -> str:
        # The pipeline's own role: it owns this database and is no superuser.
        return self.postgres.url("warehouse", user=_PIPELINE, password=self.secrets["warehouse"])

    @contextlib.contextmanager
    def running(self) -> Iterator[Stack]:
        """Start everything and yield; stop everything that was started, whatever happens."""
        left_behind = self.processes.begin()
        started = False
        try:
            with self.stage("PostgreSQL and the warehouse's schema"):
                started = self.postgres.start()
                for database in ("airflow", "platform"):
                    self.postgres.ensure_database(database)
                self.postgres.ensure_database("warehouse", owner=_PIPELINE, password=self.secrets["warehouse"])
                migrate(self.warehouse)
            with self.stage("sample council and platform stand-in"):
                sftp_port = self._start_council()
                self._start_platform()
            with self.stage("Airflow"):
                self._start_airflow(sftp_port)
            yield self
        finally:
            self.say("Stopping everything ...")
            self.processes.stop()
            if started or left_behind:
                self.postgres.stop()

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage and print how long it took."""
        begun = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - begun, 1)
        self.say(f"{name}: {self.seconds[name]} s")

    def run_once(self, run_id: str, show: Callable[[list[dict[str, Any]]], None]) -> tuple[str, dict[str, float]]:
        """Trigger the DAG and follow it; return its final state and the seconds of each task."""
        self.airflow.trigger(DAG, run_id)

        def ended() -> bool:
            show(self.airflow.tasks(DAG, run_id))
            return self.airflow.run_state(DAG, run_id) in {"success", "failed"}

        wait_until(ended, _RUN_SECONDS, f"the run {run_id}", self.processes.check)
        tasks = self.airflow.tasks(DAG, run_id)
        show(tasks)
        return self.airflow.run_state(DAG, run_id), {
            task["task_id"]: round(task["duration"] or 0.0, 1) for task in tasks
        }

    def _start_council(self) -> int:
        lay_out(self.council_folder)
        port = self._port(2222, "The council's SFTP server")
        self.processes.start(
            "sftp",
            [
                sys.executable, "-m", "demo.sftp_server", "--root", str(self.council_folder), "--port", str(port),
                "--host-key", str(self.folder / "demo" / "host_key"), "--user", _USER,
                "--password-env", "DEMO_SFTP_PASSWORD", "--uploading", f"{FOLDER}/{UPLOADING}",
            ],
            {**_environment(), "DEMO_SFTP_PASSWORD": self.secrets["sftp"]},
        )  # fmt: skip
        wait_until(lambda: not port_is_free(port), 30, "the SFTP server", self.processes.check)
        return port

    def _start_platform(self) -> None:
        council = load_council(ROOT / "include", COUNCIL)
        data_sets = [
            {"data_group": council.platform.data_group, "data_type": name, "token": self._token(name)}
            for name in _data_types()
        ]
        listed = self.folder / "demo" / "data_sets.json"
        _write_private(listed, data_sets)
        port = self._port(8091, "The platform stand-in")
        self.processes.start(
            "platform",
            [
                sys.executable, "-m", "demo.platform", "--port", str(port),
                "--database-url-env", "DEMO_PLATFORM_DATABASE", "--data-sets", str(listed),
            ],
            {**_environment(), "DEMO_PLATFORM_DATABASE": self.postgres.url("platform")},
        )  # fmt: skip
        self.platform_url = f"http://127.0.0.1:{port}"
        wait_until(lambda: not port_is_free(port), 60, "the platform stand-in", self.processes.check)

    def _start_airflow(self, sftp_port: int) -> None:
        port = self._port(8080, "Airflow")
        begun = dt.datetime.now(dt.UTC)
        self.airflow = AirflowApi(f"http://127.0.0.1:{port}", self.secrets["airflow"])
        passwords = self.folder / "demo" / "airflow_passwords.json"
        _write_private(passwords, {"admin": self.secrets["airflow"]})
        self.processes.start(
            "airflow",
            [sys.executable, "-m", "airflow", "standalone"],
            {**_environment(), **self._airflow_settings(port, passwords), **self._connections(sftp_port)},
        )
        wait_until(self.airflow.is_healthy, 180, "Airflow's health", self.processes.check)
        self.airflow.log_in()
        for name, (slots, description) in _POOLS.items():
            self.airflow.ensure_pool(name, slots, description)

        def parsed() -> bool:
            # Unpausing a DAG that is known from yesterday, before it is read today, would start a missed run.
            dag = self.airflow.dag(DAG)
            return bool(dag and dag["last_parsed_time"] and _moment(dag["last_parsed_time"]) > begun)

        wait_until(parsed, 90, f"the DAG {DAG}", self.processes.check)
        self.airflow.give_up_unfinished_runs(DAG)
        self.airflow.pause(DAG, paused=False)

    def _airflow_settings(self, port: int, passwords: Path) -> dict[str, str]:
        home = self.folder / "airflow"
        home.mkdir(parents=True, exist_ok=True)
        settings = {
            "CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "4",
            "CORE__FERNET_KEY": self.secrets["fernet"],
            "CORE__EXECUTION_API_SERVER_URL": f"{self.airflow.base_url}/execution/",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "DATABASE__SQL_ALCHEMY_CONN": self.postgres.url("airflow"),
            "API__HOST": "127.0.0.1",
            "API__PORT": str(port),
            "API__BASE_URL": self.airflow.base_url,
            "API__SECRET_KEY": self.secrets["api"],
            "API_AUTH__JWT_SECRET": self.secrets["jwt"],
            "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            # The sample council sends no export tonight: a run on schedule would wait in vain and hold off ours.
            "SCHEDULER__USE_JOB_SCHEDULE": "False",
            "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
            "LOGGING__BASE_LOG_FOLDER": str(self.folder / "logs" / "airflow"),
            "LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
            "USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        return {
            "AIRFLOW_HOME": str(home),
            "LOCAL_DIGITAL_WAREHOUSE": self.warehouse,
            "LOCAL_DIGITAL_LANDING": str(self.folder / "landing"),
            **{f"AIRFLOW__{name}": value for name, value in settings.items()},
        }

    def _connections(self, sftp_port: int) -> dict[str, str]:
        key = host_key_line(host_key(self.folder / "demo" / "host_key"))
        connections: dict[str, dict[str, object]] = {
            "SFTP": {
                "conn_type": "sftp", "host": "127.0.0.1", "port": sftp_port, "login": _USER,
                "password": self.secrets["sftp"], "extra": {"host_key": key},
            },
            "PRIVACY": {"conn_type": "generic", "password": self.secrets["privacy"]},
            "PLATFORM": {
                "conn_type": "http", "host": self.platform_url,
                "extra": {"tokens": {name: self._token(name) for name in _data_types()}},
            },
        }  # fmt: skip
        return {f"AIRFLOW_CONN_SOLIHULL_{name}": json.dumps(facts) for name, facts in connections.items()}

    def _token(self, data_type: str) -> str:
        return f"{data_type}-{self.secrets['platform']}"

    def _port(self, wanted: int, who: str) -> int:
        if port_is_free(wanted):
            return wanted
        port = free_port()
        self.say(f"{who}: port {wanted} is taken, using {port}.")
        return port


def _data_types() -> list[str]:
    council = load_council(ROOT / "include", COUNCIL)
    return sorted({name for feed in council.feeds.values() for name in feed.publish})


def _environment() -> dict[str, str]:
    """This process's environment without settings of another Airflow or warehouse, and loopback past any proxy."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "LOCAL_DIGITAL_"))}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}",
        "PYTHONPATH": str(ROOT / "include"),
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def _secrets(file: Path) -> dict[str, str]:
    """The generated secrets of this demo, readable by their owner only; one that a newer version needs is added."""
    made = {name: secrets.token_urlsafe(64) for name in ("jwt", "api", "privacy", "platform")}
    made |= {name: secrets.token_urlsafe(16) for name in ("sftp", "airflow", "warehouse")}
    made["fernet"] = urlsafe_b64encode(secrets.token_bytes(32)).decode()
    kept = dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}
    if made.keys() - kept.keys():
        kept = made | kept
        _write_private(file, kept)
    return kept


def _write_private(file: Path, facts: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".tmp")
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(facts), encoding="utf-8")
    beside.replace(file)


def _moment(value: str) -> dt.datetime:
    return dt.datetime.fromisoformat(value)
