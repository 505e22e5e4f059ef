"""The same source against OpenSSH's own server, as most councils run it, with a key for a password."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest

from local_digital.config.sources import MIB, Sftp
from local_digital.errors import ConfigurationError, RefusedError
from local_digital.settings import Connection
from local_digital.sources.sftp import SftpSource
from local_digital.sources.spool import Spool
from tests.sources.conftest import put

if TYPE_CHECKING:
    from collections.abc import Iterator

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
NIGHT = "bins_20251104.csv"

pytestmark = pytest.mark.skipif(SSHD is None, reason="OpenSSH's sshd is not installed (Debian: openssh-server)")


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A running sshd that lets in whoever runs the tests, by key only."""
    folder = tmp_path_factory.mktemp("sshd")
    host_key, client_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    host_key.write_private_key(folder / "host_key")
    (folder / "host_key").chmod(0o600)
    client_key.write_public_key(folder / "authorized_keys")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"""ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"""
    )
    if os.geteuid() == 0:
        # Where sshd run by root puts its unprivileged part.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    command = [str(SSHD), "-D", "-e", "-f", str(folder / "sshd_config")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as running:
        _wait_for(port, running, folder / "log")
        extra = {
            "host_key": " ".join(host_key.export_public_key().decode().split()[:2]),
            "private_key": client_key.export_private_key().decode(),
        }
        found = Connection("council_sftp", "127.0.0.1", port, getpass.getuser(), extra=extra)
        try:
            source(found, folder).list_files()
        except RefusedError:
            if "account is locked" in (folder / "log").read_text():
                pytest.skip("sshd lets in no account that is locked, as the one that runs this is")
            raise
        else:
            yield found
        finally:
            running.terminate()


def _wait_for(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(100):
        assert running.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())


def source(connection: Connection, folder: Path, **facts: Any) -> SftpSource:
    given = {"kind": "sftp", "connection": "council_sftp", "folder": str(folder), "files": "**/bins_{date:%Y%m%d}.csv"}
    return SftpSource(Sftp.model_validate(given | facts), connection)


def test_files_are_listed_by_key_login_and_come_unchanged(connection: Connection, tmp_path: Path) -> None:
    content = os.urandom(3 * MIB + 1)
    put(tmp_path / "council", f"north/{NIGHT}", content)
    (tmp_path / "council" / "south").symlink_to("north")
    sftp = source(connection, tmp_path / "council")
    with Spool(tmp_path / "spool") as spool:
        [(file, path)] = sftp.fetch(sftp.list_files(), spool)
        assert (file.name, path.read_bytes()) == (f"north/{NIGHT}", content)


def test_archived_files_are_kept_beside_those_of_the_same_name(connection: Connection, tmp_path: Path) -> None:
    sftp = source(connection, tmp_path, archive="taken")
    for content in ("first", "second"):
        put(tmp_path, NIGHT, content)
        sftp.archive(sftp.list_files())
    assert sftp.list_files() == []
    kept = {path.name: path.read_text() for path in (tmp_path / "taken").iterdir()}
    assert kept == {NIGHT: "first", "bins_20251104.2.csv": "second"}


def test_a_report_replaces_the_one_before_it(connection: Connection, tmp_path: Path) -> None:
    sftp = source(connection, tmp_path, report_folder="reports")
    sftp.put_report("today.csv", b"first")
    sftp.put_report("today.csv", b"second")
    assert (tmp_path / "reports/today.csv").read_bytes() == b"second"


def test_missing_folder_is_refused(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no such folder"):
        source(connection, tmp_path / "wrong").list_files()


def test_another_host_key_ends_the_connection(connection: Connection, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    changed = Connection("council_sftp", connection.host, connection.port, connection.login, extra={"host_key": other})
    with pytest.raises(RefusedError, match="another one"):
        source(changed, tmp_path).list_files()


def test_a_key_that_is_not_let_in_is_refused(connection: Connection, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    extra = {**connection.extra, "private_key": other}
    changed = Connection("council_sftp", connection.host, connection.port, connection.login, extra=extra)
    with pytest.raises(RefusedError, match="permission denied"):
        source(changed, tmp_path).list_files()


def test_a_private_key_may_have_a_passphrase(connection: Connection, tmp_path: Path) -> None:
    put(tmp_path, NIGHT)
    listed = source(_with_passphrase(connection, passphrase="never-shown"), tmp_path).list_files()
    assert [file.name for file in listed] == [NIGHT]


@pytest.mark.parametrize("given", [{}, {"passphrase": "wrong"}])
def test_a_passphrase_that_does_not_fit_is_a_fault_of_the_connection(
    connection: Connection, tmp_path: Path, given: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError, match=r"a key that cannot be read with.* (passphrase|given)") as unfit:
        source(_with_passphrase(connection, **given), tmp_path).list_files()
    assert not any(secret in str(unfit.value) for secret in ("wrong", "never-shown", "BEGIN"))


def _with_passphrase(connection: Connection, **given: str) -> Connection:
    key = asyncssh.import_private_key(str(connection.extra["private_key"]))
    extra = {
        **connection.extra,
        "private_key": key.export_private_key(passphrase="never-shown", rounds=50).decode(),
        **given,
    }
    return Connection("council_sftp", connection.host, connection.port, connection.login, extra=extra)
