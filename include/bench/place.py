"""Where the bench works: a folder of its own with a PostgreSQL server, a configuration and a landing store."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2

from local_digital.embedded import running
from local_digital.migrations import migrate_engine
from local_digital.settings import ROOT, Connection, Settings
from local_digital.workspace import WAREHOUSE, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Place:
    """folder: everything of this run. url: the warehouse, as SQLAlchemy takes it. config: councils and contracts."""

    folder: Path
    url: str

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def settings(self) -> Settings:
        """Return the installation; connections have a password and nothing else."""
        return Settings(
            connection=_connection,
            config=self.config,
            warehouse=self.url,
            landing=str(self.folder / "landing"),
            spool=self.folder / "spool",
            site=str(self.folder / "site"),
        )

    @contextlib.contextmanager
    def database(self) -> Iterator[psycopg2.extensions.connection]:
        """Yield a plain connection to the warehouse."""
        with contextlib.closing(psycopg2.connect(self.url.replace("+psycopg2", ""))) as db:
            yield db


def _connection(connection_id: str) -> Connection:
    return Connection(connection_id, password="made-up-secret-of-the-bench-0123456789")  # noqa: S106 - guards nothing


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """Yield a place with the contracts, no council and a migrated warehouse; it is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="local-digital-bench-") as name:
        folder = Path(name)
        # The server may run under another account.
        folder.chmod(0o711)
        shutil.copytree(ROOT / "include" / "transactions", folder / "config" / "transactions")
        (folder / "config" / "councils").mkdir()
        with running(folder / "postgres") as server:
            server.ensure_database(WAREHOUSE)
            here = Place(folder, server.url(WAREHOUSE))
            with Workspace.open(here.settings()) as workspace:
                migrate_engine(workspace.engine)
            yield here
