"""The same demo on a distributed topology: Redis, Celery workers, a landing store that speaks S3, Airflow in its parts.

Everything is on this machine, as programs of its own, so that it runs where no containers do. Workers share what they
reach over the network, and no folder but the project's own: each has its own home, spool, temporary files and logs, and
an address from which Airflow reads the logs.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from celery import Celery

from demo import object_store, redis_server
from demo.airflow_api import wait_until
from demo.program_address import VARIABLE as ADDRESS
from demo.runs import dag_of
from demo.stack import Stack, own_environment
from local_digital.embedded import free_port
from local_digital.errors import ConfigurationError, TransportError
from local_digital.settings import LOCAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from demo.runs import Run

# Tasks a worker runs at a time.
CONCURRENCY = 2
# A task that takes longer is taken for lost with its worker, and given to another one: more than the longest
# `execution_timeout` in dags/.
VISIBILITY_SECONDS = 4 * 3600
_LANDING_BUCKET, _SITE_BUCKET = "local-digital-landing", "local-digital-site"
_MIGRATE_SECONDS = 180
_OK = 400


@dataclass(frozen=True)
class Worker:
    """A Celery worker. folder: all that it keeps on disk. address: of this machine, and of nobody else on it."""

    name: str
    folder: Path
    address: str

    def environment(self) -> dict[str, str]:
        """Return what differs between workers."""
        return {
            ADDRESS: self.address,
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.folder / "logs"),
            "LOCAL_DIGITAL_SPOOL": str(self.folder / "spool"),
            "TMPDIR": str(self.folder / "tmp"),
        }


def celery_settings(broker: str, results: str, slots: int) -> dict[str, str]:
    """Return Airflow's settings for Celery as environment variables.

    broker: the URL of Redis. results: that of a database, as Celery has them. slots: how many tasks all workers run at
    a time.
    """
    settings = {
        "CORE__EXECUTOR": "CeleryExecutor",
        # No more than the workers can run: what waits in Redis has no weight any more.
        "CORE__PARALLELISM": str(slots),
        "CORE__HOSTNAME_CALLABLE": "demo.program_address.program_address",
        "CELERY__BROKER_URL": broker,
        "CELERY__RESULT_BACKEND": results,
        "CELERY__WORKER_CONCURRENCY": str(CONCURRENCY),
        # A task is out of the queue when it has ended, not when it begins, and none waits behind another's.
        "CELERY__TASK_ACKS_LATE": "True",
        "CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
        "CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": str(VISIBILITY_SECONDS),
        # Within its second, the default, a busy machine gives up on a queue that is well.
        "CELERY__OPERATION_TIMEOUT": "10",
    }
    return {f"AIRFLOW__{name}": value for name, value in settings.items()}


@dataclass
class DistributedStack(Stack):
    """The running demo. worker_count: how many Celery workers share the tasks."""

    folder: Path = LOCAL / "distributed"
    worker_count: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        self._redis_port, self._store_port = free_port(), free_port()
        self.workers = [
            Worker(f"worker-{number}", self.folder / "workers" / f"worker-{number}", f"127.0.0.{10 + number}")
            for number in range(1, self.worker_count + 1)
        ]

    @property
    def landing(self) -> str:
        return f"s3://{_LANDING_BUCKET}/landing"

    @property
    def site(self) -> str:
        return f"s3://{_SITE_BUCKET}"

    @property
    def summary_file(self) -> Path:
        return self.folder / "summary.json"

    def add_facts(self, facts: dict[str, Any], runs: Sequence[Run], seconds: float) -> None:
        """Add which worker ran how many of the runs' tasks and how many a second; complain of an idle worker, and of
        logs that Airflow cannot read. A task that waited for its export counts for the worker that ended it.
        """
        ran: Counter[str] = Counter()
        newest: dict[str, dict[str, Any]] = {}
        for run in runs:
            for task in self.airflow.tasks(dag_of(run.council), run.run_id):
                if task["hostname"]:
                    ran[task["hostname"]] += 1
                    newest[task["hostname"]] = task
        complaints: list[str] = facts["complaints"]
        complaints += [f"{worker.name} ran no task" for worker in self.workers if not ran[worker.address]]
        complaints += [f"{count} tasks ran on {host}, which is no worker" for host, count in ran.items()
                       if host not in {worker.address for worker in self.workers}]  # fmt: skip
        complaints += [f"Airflow cannot read the logs of {worker.name}" for worker in self.workers
                       if worker.address in newest and not self._can_read(newest[worker.address], worker)]  # fmt: skip
        facts["distributed"] = {
            "executor": "CeleryExecutor",
            **{f"tasks of {worker.name}": ran[worker.address] for worker in self.workers},
            "tasks at a time, each worker": CONCURRENCY,
            "tasks": ran.total(),
            "seconds of all runs": seconds,
            "tasks a second": round(ran.total() / seconds, 2),
            "landing store": self.landing,
            "its endpoint": self._endpoint,
        }

    @property
    def _endpoint(self) -> str:
        return f"http://127.0.0.1:{self._store_port}"

    @property
    def _broker(self) -> str:
        return f"redis://:{self.secrets['redis']}@127.0.0.1:{self._redis_port}/0"

    def _can_read(self, task: Mapping[str, Any], worker: Worker) -> bool:
        lines = self.airflow.log(task["dag_id"], task["dag_run_id"], task["task_id"], task["try_number"])
        served = f"http://{worker.address}:"
        # Where it was found stands before the log itself.
        found = any(str(line["event"]).startswith(served) for line in lines)
        return found and any(line.get("timestamp") for line in lines)

    def _clear(self) -> None:
        # The object store begins empty, so the ledger has to as well.
        self.postgres.stop()
        kept = {self._demo / "processes.json", self._demo / "secrets.json"}
        for folder in (self.folder, self._demo):
            for path in set(folder.iterdir()) - kept - {self._demo}:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _start_backing(self) -> None:
        for worker in self.workers:
            _check_address(worker.address)
            for part in ("airflow", "logs", "spool", "tmp"):
                (worker.folder / part).mkdir(mode=0o700, parents=True)
        redis = redis_server.command(self.folder / "redis", self._redis_port, self.secrets["redis"])
        self.processes.start("redis", redis, own_environment())
        store = [sys.executable, "-m", "demo.object_store", "--port", str(self._store_port)]
        buckets = ["--bucket", _LANDING_BUCKET, "--public", _SITE_BUCKET]
        self.processes.start("object-store", [*store, *buckets], own_environment())
        self._await_port("redis", self._redis_port)
        self._await_port("object-store", self._store_port)

    def _start_programs(self, environment: Mapping[str, str]) -> None:
        airflow = [sys.executable, "-m", "airflow"]
        self._migrate([*airflow, "db", "migrate"], environment)
        for name in ("api-server", "scheduler", "dag-processor"):
            self.processes.start(f"airflow-{name}", [*airflow, name], environment)
        triggerer = {**environment, "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.folder / "logs" / "triggerer")}
        self.processes.start("airflow-triggerer", [*airflow, "triggerer", "--skip-serve-logs"], triggerer)
        self._serve_logs("triggerer", "127.0.0.1", "TRIGGER_LOG_SERVER_PORT", triggerer)
        for worker in self.workers:
            own = {**environment, **worker.environment()}
            command = [*airflow, "celery", "worker", "--celery-hostname", worker.name, "--skip-serve-logs"]
            self.processes.start(worker.name, command, own, worker.folder)
            self._serve_logs(worker.name, worker.address, "WORKER_LOG_SERVER_PORT", own)

    def _migrate(self, command: list[str], environment: Mapping[str, str]) -> None:
        log = self.folder / "logs" / "airflow-db.log"
        with log.open("ab") as file:
            done = subprocess.run(  # noqa: S603 - our own program, no shell
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, env=dict(environment),
                check=False, timeout=_MIGRATE_SECONDS,
            )  # fmt: skip
        if done.returncode:
            raise ConfigurationError(
                "airflow db migrate", expected="Airflow's database to be made", found=f"exit {done.returncode}",
                action=f"Read {log}.",
            )  # fmt: skip

    def _serve_logs(self, whose: str, address: str, port: str, environment: Mapping[str, str]) -> None:
        """Serve a program's logs as it would itself, but on its address only: its own server listens on all."""
        app = "airflow.utils.serve_logs.log_server:get_app"
        command = [sys.executable, "-m", "uvicorn", "--factory", app, "--no-access-log", "--host", address, "--port"]
        self.processes.start(
            f"{whose}-logs", [*command, environment[f"AIRFLOW__LOGGING__{port}"]], environment
        )  # fmt: skip

    def _await_airflow(self, begun: Any) -> None:
        wait_until(self._all_workers_answer, 180, f"{len(self.workers)} Celery workers", self.processes.check)
        super()._await_airflow(begun)

    def _all_workers_answer(self) -> bool:
        with Celery(broker=self._broker) as celery:
            return len(celery.control.ping(timeout=1.0)) == len(self.workers)

    def _serve_site(self) -> None:
        answer = requests.get(self.site_url + "index.html", timeout=30)
        if answer.status_code >= _OK or "<html" not in answer.text:
            raise TransportError(
                self.site_url, expected="the front page, from the object store", found=f"status {answer.status_code}",
                action="Read the log of the run of `open_data` in Airflow.",
            )  # fmt: skip

    def _pools(self) -> dict[str, tuple[int, str]]:
        return {**super()._pools(), "warehouse": (self._slots, "Tasks that work in the warehouse")}

    @property
    def _slots(self) -> int:
        return CONCURRENCY * len(self.workers)

    def _airflow_settings(self, port: int, passwords: Path) -> dict[str, str]:
        self.site_url = f"{self._endpoint}/{_SITE_BUCKET}/"
        return {
            **super()._airflow_settings(port, passwords),
            **celery_settings(self._broker, f"db+{self.postgres.url('airflow')}", self._slots),
            **object_store.access(self._endpoint, "local-digital", self.secrets["object store"]),
        }

    def _port(self, wanted: int, who: str) -> int:
        # The usual ports are those of `make run`, which may be up.
        del wanted, who
        return free_port()


def _check_address(address: str) -> None:
    with socket.socket() as listener:
        try:
            listener.bind((address, 0))
        except OSError:
            raise ConfigurationError(
                "demo distributed", expected=f"{address} to be an address of this machine, for a worker of its own",
                found="it is none", action=f"Add it to the loopback interface (macOS: ifconfig lo0 alias {address}).",
            ) from None  # fmt: skip
