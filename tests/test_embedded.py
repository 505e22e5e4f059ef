"""The server that comes with the package starts, stops and says why it cannot, and never runs as root."""

from __future__ import annotations

import io
import os
import pwd
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from local_digital.embedded import EmbeddedServer, running
from local_digital.errors import ConfigurationError


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's own, which the account that runs the server may not enter.
    with tempfile.TemporaryDirectory(prefix="local-digital-embedded-") as found:
        Path(found).chmod(0o755)
        yield Path(found) / "postgres"


def test_server_that_somebody_else_started_is_used_and_left_running(postgres: EmbeddedServer) -> None:
    port = postgres.port
    assert postgres.start() is False
    with running(postgres.folder) as server:
        assert server.port == port
    assert postgres.is_running()
    assert postgres.port == port


def test_server_is_stopped_by_whoever_started_it_and_keeps_what_it_holds(folder: Path) -> None:
    with running(folder) as server:
        server.ensure_database("kept")
        engine = create_engine(server.url("kept"))
        with engine.connect() as db:
            # A folder of an installation's own gives up none of its safety for speed.
            assert db.scalar(text("show fsync")) == db.scalar(text("show full_page_writes")) == "on"
        engine.dispose()
    assert not server.is_running()
    with pytest.raises(ConfigurationError, match="expected a running server; found none"):
        server.url("kept")
    with running(folder, durable=False) as server:
        engine = create_engine(server.url("kept"))
        with engine.connect() as db:
            assert db.scalar(text("show fsync")) == "off"
        engine.dispose()


def test_server_that_cannot_start_says_what_its_log_says(folder: Path) -> None:
    server = EmbeddedServer(folder)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigurationError) as refused:
            server.start(port=other.getsockname()[1])
    assert "expected the server to start" in str(refused.value)
    assert "Address already in use" in str(refused.value)
    assert f"Read {server.log}" in str(refused.value)
    assert not server.is_running()


def test_no_value_of_a_statement_that_fails_is_in_the_server_s_log(folder: Path) -> None:
    with running(folder, durable=False) as server:
        server.ensure_database("kept")
        engine = create_engine(server.url("kept"))
        with engine.begin() as db:
            db.execute(text("create table cases (ref text primary key, line integer)"))
            db.execute(text("insert into cases values ('MB-48151', 1)"))
        for wrong, words in (
            # The driver writes values into the statement, and the server quotes rows in DETAIL and CONTEXT.
            ("select 1 / 0 from cases where ref = :ref", "division by zero"),
            ("insert into cases values (:ref, 2)", "duplicate key value"),
        ):
            with pytest.raises(DBAPIError, match=words), engine.begin() as db:
                db.execute(text(wrong), {"ref": "MB-48151"})
        with engine.connect() as db:
            copying = db.connection.cursor()
            with pytest.raises(psycopg2.Error, match="duplicate key value"):
                copying.copy_expert("copy cases from stdin", io.StringIO("MB-48152\t1\nMB-48151\t3\n"))
        engine.dispose()
    log = server.log.read_text("utf-8")
    assert "division by zero" in log
    assert log.count("duplicate key value") == 2
    assert "MB-48151" not in log


def test_folder_that_holds_something_else_is_left_as_it_is(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "letters.txt").write_text("Dear Sir", "utf-8")
    with pytest.raises(ConfigurationError, match="expected initdb to succeed; found exit 1") as refused:
        EmbeddedServer(folder).start()
    assert "exists but is not empty" in str(refused.value)
    assert [path.name for path in (folder / "data").iterdir()] == ["letters.txt"]


def test_root_without_an_account_to_run_the_server_is_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(name: str) -> pwd.struct_passwd:
        raise KeyError(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", nobody)
    with pytest.raises(ConfigurationError, match=r"an unprivileged account \(postgres or nobody\).*since we are root"):
        EmbeddedServer(folder).start()
    assert not (folder / "data").exists()


def test_ordinary_user_runs_the_server_as_themselves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, Any]] = []

    def run(command: tuple[str, ...], **how: Any) -> subprocess.CompletedProcess[str]:
        ran.append((Path(command[0]).name, (how["user"], how["group"], how["extra_groups"])))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("local_digital.embedded.subprocess.run", run)
    assert EmbeddedServer(folder).start()
    assert ran == [("initdb", (None, None, None)), ("pg_ctl", (None, None, None))]
    assert {path.owner() for path in (folder, *folder.iterdir())} == {pwd.getpwuid(os.getuid()).pw_name}
