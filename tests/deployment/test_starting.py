"""Before anything starts: secrets are made once, settings that do not go together are refused, and health is told."""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from demo import redis_server
from local_digital.embedded import free_port, port_is_free
from local_digital.settings import ROOT
from tests.deployment.reading import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCKER = ROOT / ".docker"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    make(folder)
    return folder


def make(folder: Path) -> str:
    command = ["/bin/sh", str(DOCKER / "secrets.sh"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text("ascii") for file in folder.iterdir()}


def test_every_secret_of_the_services_is_made(made: Path) -> None:
    files = {Path(secret["file"]) for secret in compose({"SECRETS_FOLDER": str(made)})["secrets"].values()}
    assert files == set(made.iterdir())


def test_a_secret_that_is_there_is_never_changed(made: Path) -> None:
    (made / "broker_url").unlink()
    before = contents(made)
    assert make(made) == f"made {made}/broker_url\n"
    after = contents(made)
    assert after.pop("broker_url") == f"redis://:{after['redis_password']}@redis:6379/0"
    assert after == before
    assert make(made) == ""


def test_secrets_are_random_and_fit_their_use(made: Path, tmp_path: Path) -> None:
    make(tmp_path / "others")
    ours, others = contents(made), contents(tmp_path / "others")
    same = {name for name in ours if ours[name] == others[name]}
    assert same == {"connections.json", "aws_credentials"}
    assert Fernet(ours["fernet_key"]).decrypt(Fernet(ours["fernet_key"]).encrypt(b"x")) == b"x"
    assert len(ours["jwt_secret"]) >= 64
    assert ours["airflow_url"].startswith(f"postgresql+psycopg2://airflow:{ours['airflow_password']}@postgres/")
    assert ours["warehouse_url"].startswith(f"postgresql+psycopg2://local_digital:{ours['warehouse_password']}@")
    assert json.loads(ours["users.json"]).keys() == {"admin"}
    assert json.loads(ours["connections.json"]) == {}
    # Airflow takes them to the last byte, a line's end too.
    assert not [name for name, value in ours.items() if re.search(r"\s", value) and not name.endswith(".json")]


def test_nobody_else_on_the_machine_gets_at_a_secret_and_every_container_can_read_its_own(made: Path) -> None:
    assert made.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in made.iterdir()} == {0o644}


@pytest.mark.parametrize(
    ("executor", "landing", "said"),
    [
        ("CeleryExecutor", "/var/lib/local-digital/landing", "s3://bucket/landing"),
        ("KubernetesExecutor", "s3://bucket/landing", "EXECUTOR is KubernetesExecutor"),
        ("LocalExecuter", "/var/lib/local-digital/landing", "EXECUTOR is LocalExecuter"),
    ],
)
def test_settings_that_do_not_go_together_start_nothing(executor: str, landing: str, said: str) -> None:
    done = subprocess.run(
        ["/bin/sh", str(DOCKER / "prepare.sh")],
        # No program of ours is on this path: whatever went on would fail otherwise.
        env={"PATH": "/usr/bin:/bin", "AIRFLOW__CORE__EXECUTOR": executor, "LOCAL_DIGITAL_LANDING": landing},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr


def ask_broker(url: str, home: Path) -> subprocess.CompletedProcess[str]:
    (home / "broker_url").write_text(url, "ascii")
    return subprocess.run(
        [sys.executable, str(DOCKER / "broker.py"), "1"],
        env={**os.environ, "AIRFLOW_HOME": str(home), "AIRFLOW__CELERY__BROKER_URL_CMD": f"cat {home}/broker_url"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_celery_is_refused_without_a_broker_that_lets_it_in(tmp_path: Path) -> None:
    port = free_port()
    server = subprocess.Popen(redis_server.command(tmp_path / "redis", port, "right"), stdout=subprocess.DEVNULL)
    try:
        while port_is_free(port):
            assert server.poll() is None
            time.sleep(0.05)
        assert ask_broker(f"redis://:right@127.0.0.1:{port}/0", tmp_path).returncode == 0
        wrong = ask_broker(f"redis://:mistaken@127.0.0.1:{port}/0", tmp_path)
    finally:
        server.terminate()
        server.wait()
    silent = ask_broker(f"redis://:right@127.0.0.1:{port}/0", tmp_path)
    for refused in (wrong, silent):
        assert refused.returncode == 1
        assert "does not let us in" in refused.stderr
        assert "mistaken" not in refused.stderr
        assert "right" not in refused.stderr


@contextmanager
def airflow_says(**states: str) -> Iterator[str]:
    body = json.dumps({name: {"status": state} for name, state in states.items()}).encode()

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/v2/monitor/health" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/execution/"
        server.shutdown()


def health(url: str, part: str) -> int:
    environment = {**os.environ, "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": url}
    return subprocess.run([sys.executable, str(DOCKER / "health.py"), part], env=environment, check=False).returncode


def test_a_service_is_healthy_when_airflow_says_so_and_at_no_other_time() -> None:
    with airflow_says(scheduler="healthy", triggerer="unhealthy") as url:
        assert health(url, "scheduler") == 0
        assert health(url, "triggerer") == 1
        assert health(url, "dag_processor") == 1
    assert health(url, "scheduler") == 1
