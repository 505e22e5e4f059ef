"""Exports on a council's SFTP server. Read only: nothing there is ever moved, changed or removed."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import fnmatch
import posixpath
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import asyncssh

from local_digital.errors import ConfigurationError, RefusedError, TransportError
from local_digital.settings import Connection

if TYPE_CHECKING:
    from local_digital.config.models import Sftp

_CONNECT_SECONDS = 30.0
# What senders call a file while they write it; such a name is never taken, whatever the pattern says.
_UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", "-part", "~")
_T = TypeVar("_T")


@dataclass(frozen=True, order=True)
class RemoteFile:
    """A file as the server lists it. modified: POSIX seconds, by the server's own clock."""

    name: str
    size: int
    modified: int


@dataclass(frozen=True)
class SftpSource:
    """The export folder of a feed on one server, reached with one connection's credentials."""

    facts: Sftp
    connection: Connection

    def list_files(self) -> list[RemoteFile]:
        """Return the regular, not obviously unfinished files that fit the feed's name pattern, by name.

        Raises TransportError (no answer, time-out), RefusedError (host key, login, folder), ConfigurationError.
        """
        return _run(self._with_client(self._list), self.facts.timeout_seconds, self._where)

    def fetch(self, files: Iterable[RemoteFile], folder: Path) -> list[tuple[RemoteFile, Path]]:
        """Download files into a local folder; return those whose size and time were the same before and after.

        Each transfer has the feed's time-out. A file that changed meanwhile is left out: it is still being written.
        """
        taken: list[tuple[RemoteFile, Path]] = []

        async def fetch_all(client: asyncssh.SFTPClient) -> None:
            for position, file in enumerate(files):
                local = folder / f"{position}.raw"
                remote = posixpath.join(self.facts.folder, file.name)
                async with asyncio.timeout(self.facts.timeout_seconds):
                    await client.get(remote, local)
                    after = await client.stat(remote)
                if (after.size, after.mtime) == (file.size, file.modified) == (local.stat().st_size, after.mtime):
                    taken.append((file, local))
                else:
                    local.unlink()

        _run(self._with_client(fetch_all), None, self._where)
        return taken

    @property
    def _where(self) -> str:
        return f"SFTP server of connection {self.connection.connection_id}"

    async def _list(self, client: asyncssh.SFTPClient) -> list[RemoteFile]:
        pattern = glob_pattern(self.facts.files)
        found = [
            RemoteFile(str(entry.filename), entry.attrs.size or 0, entry.attrs.mtime or 0)
            for entry in await client.readdir(self.facts.folder)
            if stat.S_ISREG(entry.attrs.permissions or 0) and fnmatch.fnmatchcase(str(entry.filename), pattern)
        ]
        return sorted(file for file in found if not file.name.lower().endswith(_UNFINISHED))

    async def _with_client(self, work: Callable[[asyncssh.SFTPClient], Awaitable[_T]]) -> _T:
        async with self._client() as client:
            return await work(client)

    @contextlib.asynccontextmanager
    async def _client(self) -> AsyncIterator[asyncssh.SFTPClient]:
        self.connection.require("host", "login")
        host_key = str(self.connection.extra.get("host_key") or "").strip()
        if not host_key:
            raise ConfigurationError(
                self._where,
                expected="a pinned host key in the connection's extra, `host_key: ssh-ed25519 AAAA...`",
                found="none",
                action="Ask the council for its host key over another channel (`ssh-keyscan` shows what the "
                "server offers, to compare with) and add it; without one no connection is made.",
            )
        try:
            # A key on its own line trusts that key for this one connection, whatever the host is called.
            pinned = asyncssh.import_public_key(host_key)
            private_key = self.connection.extra.get("private_key")
            client_keys = [asyncssh.import_private_key(str(private_key))] if private_key else None
        except (asyncssh.KeyImportError, ValueError):
            raise ConfigurationError(
                self._where,
                expected="keys in OpenSSH form: `host_key` as `ssh-ed25519 AAAA...`, `private_key` as a PEM block",
                found="something else",
                action="Mend the connection's extra.",
            ) from None
        async with (
            asyncssh.connect(
                self.connection.host,
                port=self.connection.port or 22,
                username=self.connection.login,
                password=self.connection.password or None,
                known_hosts=([pinned], [], []),
                client_keys=client_keys,
                # Nothing of the account that happens to run us: no agent, no ~/.ssh/config.
                agent_path=None,
                config=None,
                connect_timeout=_CONNECT_SECONDS,
                login_timeout=_CONNECT_SECONDS,
                keepalive_interval=15,
            ) as session,
            session.start_sftp_client() as client,
        ):
            yield client


def _run(work: Awaitable[_T], seconds: float | None, where: str) -> _T:
    """Run a conversation with a server to its end and translate what went wrong; no fault text holds a secret."""

    async def limited() -> _T:
        async with asyncio.timeout(seconds):
            return await work

    def refused(expected: str, found: str, action: str) -> RefusedError:
        return RefusedError(where, expected=expected, found=found, action=action)

    try:
        return asyncio.run(limited())
    except asyncssh.HostKeyNotVerifiable:
        raise refused(
            "the pinned host key",
            "another one",
            "Do not go on: ask the council whether it changed its key, and pin the new one only on its word.",
        ) from None
    except asyncssh.PermissionDenied:
        raise refused("the login to be accepted", "permission denied", "Check the login and its secret.") from None
    except asyncssh.SFTPNoSuchFile:
        raise refused("the feed's folder", "no such folder", "Check `source.folder` with the council.") from None
    except asyncssh.SFTPPermissionDenied:
        raise refused("the folder and its files to be readable", "permission denied", "Ask the council.") from None
    except (OSError, TimeoutError, asyncssh.Error) as error:
        raise TransportError(
            where,
            expected="an answer in time",
            found=type(error).__name__,
            action="It is tried again; if it lasts, check host, port and the council's firewall.",
        ) from None


def glob_pattern(files: str) -> str:
    """Return the shell pattern for a feed's `files`: its `{date:...}` stands for anything."""
    return files[: files.index("{")] + "*" + files[files.index("}") + 1 :] if "{" in files else files


def date_in_name(files: str, name: str) -> dt.date | None:
    """Return the local day that a file's name carries by the feed's pattern, None when it carries none.

    Raises ValueError when the pattern has a date and the name has no valid one there.
    """
    if "{" not in files:
        return None
    before, _, rest = files.partition("{date:")
    codes, _, after = rest.partition("}")
    if any(sign in before + after for sign in "*?["):
        return _date_between_wildcards(before, codes, after, name)
    middle = name[len(before) : len(name) - len(after)]
    return dt.datetime.strptime(middle, codes).date()  # noqa: DTZ007 - a calendar day, no moment


def _date_between_wildcards(before: str, codes: str, after: str, name: str) -> dt.date:
    for start in range(len(name)):
        if not fnmatch.fnmatchcase(name[:start], before or ""):
            continue
        for end in range(len(name), start, -1):
            if fnmatch.fnmatchcase(name[end:], after or ""):
                with contextlib.suppress(ValueError):
                    return dt.datetime.strptime(name[start:end], codes).date()  # noqa: DTZ007 - a calendar day
    raise ValueError(name)
