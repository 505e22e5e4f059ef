"""The distributed demo: what its workers share and what they do not, and the servers of its own that it stands on."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
import requests
import s3fs

from demo import redis_server
from demo.airflow_api import wait_until
from demo.distributed import CONCURRENCY, VISIBILITY_SECONDS, DistributedStack, celery_settings
from demo.object_store import access, serving
from local_digital.embedded import free_port, port_is_free
from local_digital.landing import LandingStore
from local_digital.settings import LOCAL, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

_PASSWORD = "only-for-this-test"
# What Celery's and Airflow's own code make of the settings, and the longest that a task in dags/ may take.
_AS_READ = """
import json
from pathlib import Path
from airflow.configuration import conf
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG as celery
from airflow.utils.net import get_hostname

limits = [task.execution_timeout for dag in DagBag(conf.get("core", "dags_folder")).dags.values() for task in dag.tasks]
print(json.dumps({
    "executor": conf.get("core", "executor"),
    "parallelism": conf.getint("core", "parallelism"),
    "host": get_hostname(),
    "unlimited": sum(limit is None for limit in limits),
    "longest": max(limit.total_seconds() for limit in limits),
    "celery": {name: celery[name] for name in (
        "broker_url", "result_backend", "worker_concurrency", "worker_prefetch_multiplier", "task_acks_late",
        "broker_transport_options",
    )},
}))
"""


@pytest.fixture
def stack(tmp_path: Path) -> DistributedStack:
    return DistributedStack(print, folder=tmp_path, worker_count=3)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[int]:
    """The port of a running server."""
    port = free_port()
    with subprocess.Popen(redis_server.command(tmp_path / "redis", port, _PASSWORD)) as server:
        wait_until(lambda: not port_is_free(port), 60, "the server", lambda: None)
        yield port
        server.terminate()


def test_its_folder_is_its_own() -> None:
    # It is emptied at each start.
    assert DistributedStack(print).folder == LOCAL / "distributed"


def test_workers_share_no_folder_and_no_address(stack: DistributedStack) -> None:
    environments = [worker.environment() for worker in stack.workers]
    assert len(environments) == 3
    for name in environments[0]:
        assert len({environment[name] for environment in environments}) == 3, name
    folders = [name for name, value in environments[0].items() if value.startswith("/")]
    assert "LOCAL_DIGITAL_SPOOL" in folders
    for worker in stack.workers:
        assert all(Path(worker.environment()[name]).is_relative_to(worker.folder) for name in folders)
        assert worker.address.startswith("127.")


def test_landing_and_site_are_in_the_object_store(stack: DistributedStack) -> None:
    assert stack.landing.startswith("s3://")
    assert stack.site.startswith("s3://")


def test_airflow_and_celery_read_the_settings_as_they_are_meant(tmp_path: Path) -> None:
    settings = celery_settings("redis://:secret@127.0.0.1:1/0", "db+postgresql+psycopg2://a@127.0.0.1/a", 6)
    environment = {
        **os.environ, **settings, "AIRFLOW_HOME": str(tmp_path), "DEMO_ADDRESS": "127.0.0.12",
        "PYTHONPATH": str(ROOT / "include"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"), "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", _AS_READ], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    read = json.loads(done.stdout.splitlines()[-1])
    assert (read["executor"], read["parallelism"], read["host"]) == ("CeleryExecutor", 6, "127.0.0.12")
    celery = read["celery"]
    assert celery["broker_url"] == "redis://:secret@127.0.0.1:1/0"
    assert celery["result_backend"] == "db+postgresql+psycopg2://a@127.0.0.1/a"
    assert celery["worker_concurrency"] == CONCURRENCY
    assert celery["worker_prefetch_multiplier"] == 1
    assert celery["task_acks_late"] is True
    # A task that is still at work must not be given to a second worker.
    assert celery["broker_transport_options"]["visibility_timeout"] == VISIBILITY_SECONDS
    assert read["longest"] < VISIBILITY_SECONDS
    assert read["unlimited"] == 0


def test_redis_takes_the_password_and_nothing_less(valkey: int, tmp_path: Path) -> None:
    with redis.Redis(port=valkey, password=_PASSWORD) as allowed:
        allowed.rpush("default", "a task")
        assert allowed.blpop("default", timeout=5) == (b"default", b"a task")
        assert allowed.config_get("bind") == {"bind": "127.0.0.1"}
        assert allowed.config_get("save") == {"save": ""}
    with redis.Redis(port=valkey) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.get("default")
    assert (tmp_path / "redis" / "valkey.conf").stat().st_mode & 0o077 == 0


def test_object_store_listens_on_loopback_and_holds_what_is_put(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(["landing"], ["site"]) as endpoint:
        for name, value in access(endpoint, "key", "secret").items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        store = LandingStore("s3://landing/here")
        store.put_text("reports/a.csv", "line")
        assert store.read("reports/a.csv") == b"line"
        LandingStore("s3://site").put_text("index.html", "page")
        # A public bucket is a website; the landing store is not.
        assert requests.get(f"{endpoint}/site/index.html", timeout=30).text == "page"
        assert requests.get(f"{endpoint}/landing/here/reports/a.csv", timeout=30).status_code == 403
        host, _, port = endpoint.removeprefix("http://").rpartition(":")
        assert host == "127.0.0.1"
        with socket.socket() as other:
            # Nobody listens on the machine's other addresses.
            assert other.connect_ex(("127.0.0.2", int(port))) != 0
