"""Exports on a council's SFTP server. Nothing there is ever moved or written but by `archive` and `report_folder`."""

from __future__ import annotations

import asyncio
import contextlib
import posixpath
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import asyncssh

from local_digital.errors import ConfigurationError, RefusedError, TransportError
from local_digital.sources.files import MOST_NAMES, Entry, FilesInFolder, too_many_names
from local_digital.unlogged import drop_debug_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from local_digital.config.sources import Sftp
    from local_digital.settings import Connection

# It notes the names of all files of a folder, ours or not, and what a server says of its faults.
drop_debug_of("asyncssh.sftp")
_CONNECT_SECONDS = 30.0
_GOODBYE_SECONDS = 5.0
# What every server answers in one piece; 128 such requests are under way at once.
_BLOCK = 32 * 1024
_LONGEST_NAME = 1024
# So many blocks may wait in memory for one before them: no honest server leaves one behind for so long.
_MOST_EARLY = 2048
_WRITABLE = "files to be moved and written below the feed's folder"
_T = TypeVar("_T")


@dataclass(frozen=True)
class SftpSource(FilesInFolder):
    """The export folder of a feed on one server, reached with one connection's credentials."""

    facts: Sftp
    connection: Connection

    @property
    def where(self) -> str:
        return f"SFTP server of connection {self.connection.connection_id}"

    @property
    def origin(self) -> str:
        return f"{self.connection.connection_id} {self.connection.host}:{self.connection.port} {self.facts.folder}"

    @contextlib.contextmanager
    def _open(self) -> Iterator[_OpenSftp]:
        self.connection.require("host", "login")
        pinned, client_keys = self._keys()
        with asyncio.Runner() as runner:
            runner.get_loop().set_exception_handler(_unless_known)
            stack = contextlib.AsyncExitStack()
            try:
                with _translated(self.where):
                    client = runner.run(self._connect(stack, pinned, client_keys))
                yield _OpenSftp(runner, client, self.facts, self.where)
            finally:
                with contextlib.suppress(OSError, TimeoutError, asyncssh.Error):
                    runner.run(asyncio.wait_for(stack.aclose(), _GOODBYE_SECONDS))

    def _keys(self) -> tuple[asyncssh.SSHKey, list[asyncssh.SSHKey] | None]:
        host_key = str(self.connection.extra.get("host_key") or "").strip()
        if not host_key:
            raise ConfigurationError(
                self.where,
                expected="a pinned host key in the connection's extra, `host_key: ssh-ed25519 AAAA...`",
                found="none",
                action="Ask the council for its host key over another channel (`ssh-keyscan` shows what the "
                "server offers, to compare with) and add it; without one no connection is made.",
            )
        try:
            # A key on its own line trusts that key for this one connection, whatever the host is called.
            pinned = asyncssh.import_public_key(host_key)
        except ValueError:
            raise self._unusable("`host_key` in OpenSSH form, `ssh-ed25519 AAAA...`", "something else") from None
        private_key = self.connection.extra.get("private_key")
        if not private_key:
            return pinned, None
        passphrase = str(self.connection.extra.get("passphrase") or "") or None
        try:
            return pinned, [asyncssh.import_private_key(str(private_key), passphrase)]
        except ValueError:
            raise self._unusable(
                "`private_key` as a PEM block, and beside it its `passphrase` if it has one",
                f"a key that cannot be read {'with the passphrase given' if passphrase else 'without a passphrase'}",
            ) from None

    def _unusable(self, expected: str, found: str) -> ConfigurationError:
        return ConfigurationError(self.where, expected=expected, found=found, action="Mend the connection's extra.")

    async def _connect(
        self, stack: contextlib.AsyncExitStack, pinned: asyncssh.SSHKey, client_keys: list[asyncssh.SSHKey] | None
    ) -> asyncssh.SFTPClient:
        session = await stack.enter_async_context(
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
            )
        )
        # One name in another encoding must not hide all others.
        return await asyncio.wait_for(session.start_sftp_client(path_errors="surrogateescape"), _CONNECT_SECONDS)


class _OpenSftp:
    """See `OpenFolder`. Each operation has the feed's time-out."""

    keeps_times = True

    def __init__(self, runner: asyncio.Runner, client: asyncssh.SFTPClient, facts: Sftp, where: str) -> None:
        self._runner = runner
        self._client = client
        self._root = facts.folder
        self._seconds = facts.timeout_seconds
        self._where = where

    def entries(self, folder: str) -> list[Entry]:
        return self._run(self._entries(self._path(folder)))

    def look(self, path: str) -> tuple[int, int] | None:
        try:
            found = self._run(self._client.lstat(self._path(path)))
        except FileNotFoundError:
            return None
        return found.size or 0, found.mtime or 0

    def copy(self, path: str, size: int, target: BinaryIO) -> None:
        if target.tell() < size:
            self._run(self._copy(self._path(path), size, target))

    def make_folder(self, path: str) -> None:
        self._run(self._client.makedirs(self._path(path), exist_ok=True), _WRITABLE)

    def write(self, path: str, content: bytes) -> None:
        self._run(self._write(self._path(path), content), _WRITABLE)

    def move(self, path: str, to: str) -> None:
        self._run(self._client.rename(self._path(path), self._path(to)), _WRITABLE)

    def replace(self, path: str, to: str) -> None:
        self._run(self._replace(self._path(path), self._path(to)), _WRITABLE)

    async def _entries(self, path: str) -> list[Entry]:
        found = []
        number = 0
        # A listing comes in pieces, of which a server may have no end.
        async for entry in self._client.scandir(path):
            number += 1
            if number > MOST_NAMES:
                raise too_many_names(self._where)
            name, mode = str(entry.filename)[:_LONGEST_NAME], entry.attrs.permissions or 0
            if name not in {".", ".."} and len(name) < _LONGEST_NAME and (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                found.append(Entry(name, stat.S_ISDIR(mode), entry.attrs.size or 0, entry.attrs.mtime or 0))
        return found

    async def _copy(self, path: str, size: int, target: BinaryIO) -> None:
        # Not closed when it breaks: the answer to that might never come, and the session ends anyway.
        source = await self._client.open(path, "rb", block_size=_BLOCK)
        offset = target.tell()
        early: dict[int, bytes] = {}
        # Many requests are under way at once and may be answered in any order; on disk there is never a hole.
        async for start, block in await source.read_parallel(size - offset, offset):
            early[start] = block
            if len(block) > _BLOCK or len(early) > _MOST_EARLY:
                raise asyncssh.SFTPBadMessage("more than was asked for, or in no order")
            while offset in early:
                offset += target.write(early.pop(offset))
        await source.close()

    async def _write(self, path: str, content: bytes) -> None:
        async with self._client.open(path, "wb") as file:
            await file.write(content)

    async def _replace(self, path: str, to: str) -> None:
        try:
            await self._client.posix_rename(path, to)
        except asyncssh.SFTPOpUnsupported:
            with contextlib.suppress(asyncssh.SFTPNoSuchFile):
                await self._client.remove(to)
            await self._client.rename(path, to)

    def _path(self, path: str) -> str:
        return posixpath.join(self._root, path) if path else self._root

    def _run(self, work: Awaitable[_T], wanted: str = "the folder and its files to be readable") -> _T:
        async def limited() -> _T:
            # Not `asyncio.timeout`, which waits for what is given up to put its things in order: the library then
            # closes a handle, and the answer to that might never come.
            task = asyncio.ensure_future(work)
            done, _ = await asyncio.wait({task}, timeout=self._seconds)
            if not done:
                task.cancel()
                raise TimeoutError
            return task.result()

        with _translated(self._where, wanted):
            return self._runner.run(limited())


def _unless_known(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # Requests that were under way when a session ended: its fault is raised where it was used, not once for each.
    if not isinstance(context.get("exception"), (OSError, asyncssh.Error)):
        loop.default_exception_handler(context)


@contextlib.contextmanager
def _translated(where: str, wanted: str = "the login to be accepted") -> Iterator[None]:
    """Translate what goes wrong with a server; no fault text holds a secret. What is missing is FileNotFoundError."""

    def refused(expected: str, found: str, action: str) -> RefusedError:
        return RefusedError(where, expected=expected, found=found, action=action)

    ask = "Do not go on: ask the council whether it changed its key, and pin the new one only on its word."
    try:
        yield
    except asyncssh.HostKeyNotVerifiable:
        raise refused("the pinned host key", "another one", ask) from None
    except asyncssh.KeyExchangeFailed as error:
        if "host key" in error.reason:
            found = "a server that does not offer a key of that type"
            raise refused("the pinned host key", found, ask) from None
        raise refused("an algorithm that both ends know", "none", "Ask the council to update its server.") from None
    except asyncssh.PermissionDenied:
        raise refused("the login to be accepted", "permission denied", "Check the login and its secret.") from None
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        raise FileNotFoundError from None
    except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect):
        raise refused(wanted, "permission denied", "Ask the council.") from None
    except (OSError, TimeoutError, asyncssh.Error) as error:
        raise TransportError(
            where,
            expected="an answer in time",
            found=type(error).__name__,
            action="It is tried again; if it lasts, check host, port and the council's firewall.",
        ) from None
