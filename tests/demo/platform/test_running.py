"""Configuration, pages, and running the stand-in as a program."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import Engine

from demo.platform.app import create_app
from demo.platform.data_sets import read_data_sets
from local_digital.embedded import free_port
from local_digital.errors import ConfigurationError
from tests.demo.platform.client import CHANNELS, GROUP, WARDS, Client, data_set, weekly


def test_two_data_sets_stored_under_one_name_are_refused_at_the_start(engine: Engine) -> None:
    twins = [
        data_set("c", data_group="a-b"),
        data_set("b-c", data_group="a"),
    ]
    with pytest.raises(ConfigurationError, match="a_b_c"):
        create_app(engine, twins)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        '{"data_group": "a"}',
        '[{"data_group": "a", "data_type": "b"}]',
        '[{"data_group": "A", "data_type": "b", "token": "secret-1"}]',
        '[{"data_group": "a", "data_type": "b.c", "token": "secret-1"}]',
        '[{"data_group": "' + "a" * 61 + '", "data_type": "b", "token": "secret-1"}]',
        '[{"data_group": "a", "data_type": "b", "token": ""}]',
        '[{"data_group": "a", "data_type": "b", "token": 5, "note": "secret-1"}]',
    ],
)
def test_a_faulty_list_of_data_sets_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "data-sets.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_data_sets(file)
    assert "data-sets.json" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_first_page_says_what_it_is_and_lists_the_data_sets(channels: Client) -> None:
    channels.store(weekly("2026-11-09", "Digital", 43), weekly("2026-11-16", "Digital", 44))
    page = requests.get(channels.base_url + "/", timeout=30)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "stand-in for development and demonstration" in page.text
    for each in (CHANNELS, WARDS):
        assert f'<a href="{each.path}">' in page.text
        assert each.token not in page.text
    row = next(line for line in page.text.splitlines() if CHANNELS.path in line)
    assert ">2<" in row
    assert "2026-11-16T00:00:00+00:00" in row
    row = next(line for line in page.text.splitlines() if WARDS.path in line)
    assert ">0<" in row
    assert "none yet" in row


def test_health_is_told(channels: Client) -> None:
    answer = requests.get(channels.base_url + "/_status", timeout=30)
    assert (answer.status_code, answer.json()) == (200, {"message": "database is up", "status": "ok"})
    assert answer.headers["Cache-Control"] == "no-cache"


def run_module(url: str, file: Path, port: int) -> subprocess.Popen[str]:
    file.write_text(json.dumps([{"data_group": GROUP, "data_type": "monitoring", "token": "t"}]), encoding="utf-8")
    command = [sys.executable, "-m", "demo.platform", "--port", str(port)]
    return subprocess.Popen(
        [*command, "--database-url-env", "STAND_IN_DATABASE", "--data-sets", str(file)],
        env={**os.environ, "STAND_IN_DATABASE": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_run_as_a_module_it_serves_quietly_until_told_to_end(
    database_url: str, tmp_path: Path, ending: signal.Signals
) -> None:
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    with run_module(database_url, tmp_path / "sets.json", port) as running:
        try:
            wait_until_up(base_url, running)
            posted = requests.post(
                f"{base_url}/data/{GROUP}/monitoring", json=[], headers={"Authorization": "Bearer wrong"}, timeout=30
            )
            assert posted.status_code == 401
            running.send_signal(ending)
            said, _ = running.communicate(timeout=60)
        finally:
            running.kill()
    assert said == ""
    assert running.returncode in {0, -ending}


def test_run_as_a_module_without_a_database_it_says_which_variable_is_wrong(tmp_path: Path) -> None:
    url = "postgresql+psycopg2://someone:secret@127.0.0.1:1/none"
    with run_module(url, tmp_path / "sets.json", free_port()) as running:
        said, _ = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "STAND_IN_DATABASE" in said
    assert "secret" not in said


def wait_until_up(base_url: str, running: subprocess.Popen[str]) -> None:
    address = urlsplit(base_url)
    while running.poll() is None:
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        try:
            connection.request("GET", "/_status")
            if connection.getresponse().status == 200:
                return
        except ConnectionRefusedError:
            time.sleep(0.05)
        finally:
            connection.close()
    pytest.fail("the stand-in ended before it was up")
