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
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from demo.airflow_api import AirflowApi, wait_until
from demo.airflow_processes import Processes
from demo.authority import Authority
from demo.private_files import write_environment, write_private
from demo.runs import carry_out, dag_of
from demo.sample import RemoteEnds, Sample
from demo.sftp_server import host_key, host_key_line
from local_digital.embedded import EmbeddedServer, free_port, port_is_free
from local_digital.errors import TransportError
from local_digital.migrations import migrate
from local_digital.settings import LOCAL, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from demo.runs import Run, Step

_PIPELINE = "local_digital"
_SITE_DAG = "open_data"
_HOUSEKEEPING_DAG = "housekeeping"
_POOLS = {
    "sftp": (2, "Conversations with councils' SFTP servers"),
    "api": (2, "Conversations with councils' APIs"),
    "folder": (2, "Looks into drop folders"),
    "warehouse": (2, "Tasks that work in the warehouse"),
    "platform": (2, "Conversations with the platform"),
}
_NOT_OURS = ("AIRFLOW_", "LOCAL_DIGITAL_", "AWS_", "FSSPEC_")
# The certificate is made anew at every start; a demo that stays up longer than this has other troubles.
_CERTIFICATE_DAYS = 365


@dataclass
class Stack:
    """The running demo. seconds: how long each stage took. say: prints a line."""

    say: Callable[[str], None]
    folder: Path = LOCAL
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.postgres = EmbeddedServer(self.folder / "postgres")
        self.processes = Processes(self._demo / "processes.json", self.folder / "logs")
        self.secrets = _secrets(self._demo / "secrets.json")
        self.sample = Sample.of_the_world(self._demo, self.secrets["councils"])
        self.airflow = AirflowApi("", "")
        self.platform_url = ""
        self.site_url = ""

    @property
    def landing(self) -> str:
        """The landing store, as `LOCAL_DIGITAL_LANDING` names it."""
        return str(self.folder / "landing")

    @property
    def site(self) -> str:
        """Where the open data and the pages are, as `LOCAL_DIGITAL_SITE` names it."""
        return str(self.folder / "site")

    @property
    def summary_file(self) -> Path:
        return self._demo / "summary.json"

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
            self._clear()
            with self.stage("PostgreSQL and the warehouse's schema"):
                started = self.postgres.start()
                for database in ("airflow", "platform"):
                    self.postgres.ensure_database(database)
                self.postgres.ensure_database("warehouse", owner=_PIPELINE, password=self.secrets["warehouse"])
                migrate(self.warehouse)
            with self.stage("the councils' files and servers, the platform stand-in; Airflow begins to start"):
                self._start_backing()
                ports = {
                    "sftp": self._port(2222, "The councils' SFTP server"),
                    "https": self._port(8443, "The councils' APIs"),
                    "platform": self._port(8091, "The platform stand-in"),
                    "site": self._port(8092, "The open data and pages"),
                }
                authority = Authority.make(self._demo, _CERTIFICATE_DAYS)
                self.platform_url = f"http://127.0.0.1:{ports['platform']}"
                self.site_url = f"http://127.0.0.1:{ports['site']}/"
                begun = dt.datetime.now(dt.UTC)
                # Airflow takes the longest, and has to know no more of the others than where they will be.
                self._start_airflow(self.sample.connections(self._ends(ports, authority)))
                self.sample.lay_out()
                self._start_servers(ports, authority)
            with self.stage("Airflow, until its DAGs are there"):
                self._await_airflow(begun)
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

    def build_site(self, name: str) -> None:
        """Build the open data and the pages, and the Data Docs, by their DAGs, which then stay on; serve the former."""
        runs = {}
        for dag in (_SITE_DAG, _HOUSEKEEPING_DAG):
            self.airflow.unpause(dag)
            runs[dag] = self.airflow.trigger(dag, name)
        for dag, run_id in runs.items():
            self._await_run(dag, run_id)
        self._serve_site()

    def _await_run(self, dag: str, run_id: str) -> None:
        wait_until(
            lambda: (dag, run_id) not in self.airflow.unfinished([dag]),
            600, f"the run of {dag}", self.processes.check,
        )  # fmt: skip
        if (state := self.airflow.run_state(dag, run_id)) != "success":
            raise TransportError(
                f"the run {run_id} of {dag}", expected="success", found=state, action="Read its log in Airflow."
            )

    def carry_out(
        self, plans: Mapping[str, Sequence[Step]], name: str, show: Callable[[str], None] | None
    ) -> list[Run]:
        """Take every council's DAG through its steps, side by side; see `demo.runs.carry_out`."""
        return carry_out(self.airflow, plans, name, show, self.processes.check)

    def add_facts(self, facts: dict[str, Any], runs: Sequence[Run], seconds: float) -> None:
        """Add to the summary what is special to this topology: nothing here. seconds: of all runs, side by side."""

    @property
    def _demo(self) -> Path:
        return self.folder / "demo"

    def _clear(self) -> None:
        """Remove what an earlier run has left and this one cannot go on with: nothing here."""

    def _start_backing(self) -> None:
        """Start what Airflow needs beside PostgreSQL: nothing here."""

    def _serve_site(self) -> None:
        port = urlsplit(self.site_url).port or 80
        command = [sys.executable, "-m", "local_digital", "serve-site", "--port", str(port)]
        self.processes.start("site", command, {**own_environment(), "LOCAL_DIGITAL_SITE": self.site})
        self._await_port("site", port)

    def _ends(self, ports: Mapping[str, int], authority: Authority) -> RemoteEnds:
        return RemoteEnds(
            sftp_port=ports["sftp"],
            host_key=host_key_line(host_key(self._demo / "host_key")),
            https_url=f"https://127.0.0.1:{ports['https']}",
            ca=authority.ca,
            platform_url=self.platform_url,
        )

    def _start_servers(self, ports: Mapping[str, int], authority: Authority) -> None:
        listed = {
            "accounts": [asdict(account) for account in self.sample.accounts()],
            "api_secrets": self.sample.api_secrets(),
            "data_sets": self.sample.data_sets(),
        }
        files = {name: self._demo / f"{name}.json" for name in listed}
        for name, facts in listed.items():
            write_private(files[name], facts)
        database = {"DEMO_PLATFORM_DATABASE": self.postgres.url("platform")}
        servers: dict[str, tuple[list[object], dict[str, str]]] = {
            "sftp": (
                ["demo.sftp_server", "--host-key", self._demo / "host_key", "--accounts", files["accounts"]], {},
            ),
            "https": (
                ["demo.https_server", "--certificate", authority.server, "--secrets", files["api_secrets"]], {},
            ),
            "platform": (
                ["demo.platform", "--database-url-env", *database, "--data-sets", files["data_sets"]], database,
            ),
        }  # fmt: skip
        for name, (arguments, more) in servers.items():
            command = [sys.executable, "-m", *map(str, arguments), "--port", str(ports[name])]
            self.processes.start(name, command, {**own_environment(), **more})
        for name in servers:
            self._await_port(name, ports[name])

    def _await_port(self, name: str, port: int) -> None:
        wait_until(lambda: not port_is_free(port), 60, f"the server `{name}`", self.processes.check)

    def _start_airflow(self, connections: Mapping[str, str]) -> None:
        port = self._port(8080, "Airflow")
        self.airflow = AirflowApi(f"http://127.0.0.1:{port}", self.secrets["airflow"])
        passwords = self._demo / "airflow_passwords.json"
        write_private(passwords, {"admin": self.secrets["airflow"]})
        settings = {**self._airflow_settings(port, passwords), **connections}
        # For commands in another terminal: Airflow's own, such as `make backfill`, and those of `local-digital`.
        of_the_core = {
            name.replace("AIRFLOW_CONN_", "LOCAL_DIGITAL_CONN_"): value for name, value in connections.items()
        }
        write_environment(self._demo / "airflow.env", {**settings, **of_the_core})
        self._start_programs({**own_environment(), **settings})

    def _start_programs(self, environment: Mapping[str, str]) -> None:
        self.processes.start("airflow", [sys.executable, "-m", "airflow", "standalone"], environment)

    def _await_airflow(self, begun: dt.datetime) -> None:
        wait_until(self.airflow.is_healthy, 180, "Airflow's health", self.processes.check)
        self.airflow.log_in()
        for name, (slots, description) in self._pools().items():
            self.airflow.ensure_pool(name, slots, description)
        dags = {_SITE_DAG, _HOUSEKEEPING_DAG, *map(dag_of, self.sample.councils)}
        # Unpausing a DAG that is known from yesterday, before it is read today, would start a missed run.
        wait_until(lambda: dags <= self.airflow.parsed_since(begun), 90, "the councils' DAGs", self.processes.check)
        self.airflow.give_up_unfinished_runs(dags)
        for dag in dags - {_SITE_DAG, _HOUSEKEEPING_DAG}:
            self.airflow.unpause(dag)

    def _pools(self) -> dict[str, tuple[int, str]]:
        return _POOLS

    def _airflow_settings(self, port: int, passwords: Path) -> dict[str, str]:
        home = self.folder / "airflow"
        home.mkdir(parents=True, exist_ok=True)
        settings = {
            "CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "4",
            # A council that has begun goes on to its end before another takes its turn.
            "CORE__DEFAULT_TASK_WEIGHT_RULE": "upstream",
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
            "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
            # The sample council sends no export tonight: a run on schedule would wait in vain and hold off ours.
            "SCHEDULER__USE_JOB_SCHEDULE": "False",
            "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
            "LOGGING__BASE_LOG_FOLDER": str(self.folder / "logs" / "airflow"),
            "LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
            "OPENLINEAGE__DISABLED": "True",
            "USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        return {
            "AIRFLOW_HOME": str(home),
            "PYTHONPATH": os.pathsep.join(str(ROOT / "include" / part) for part in ("", "demo/airflow_config")),
            "LOCAL_DIGITAL_WAREHOUSE": self.warehouse,
            "LOCAL_DIGITAL_LANDING": self.landing,
            "LOCAL_DIGITAL_SITE": self.site,
            "LOCAL_DIGITAL_SITE_URL": self.site_url,
            **{f"AIRFLOW__{name}": value for name, value in settings.items()},
        }

    def _port(self, wanted: int, who: str) -> int:
        if port_is_free(wanted):
            return wanted
        port = free_port()
        self.say(f"{who}: port {wanted} is taken, using {port}.")
        return port


def own_environment() -> dict[str, str]:
    """Return this process's environment without settings of another Airflow, warehouse or object store, and loopback
    past any proxy.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}",
        "PYTHONPATH": str(ROOT / "include"),
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def _secrets(file: Path) -> dict[str, str]:
    """The generated secrets of this demo, readable by their owner only; one that a newer version needs is added."""
    made = {name: secrets.token_urlsafe(64) for name in ("jwt", "api", "councils")}
    made |= {name: secrets.token_urlsafe(16) for name in ("airflow", "warehouse", "redis", "object store")}
    made["fernet"] = urlsafe_b64encode(secrets.token_bytes(32)).decode()
    kept = dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}
    if made.keys() - kept.keys():
        kept = made | kept
        write_private(file, kept)
    return kept
