"""A small real SFTP server that may be written to, counts what it serves, and cuts connections when told to."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import asyncssh

from local_digital.settings import Connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

USER, PASSWORD = "council", "let-me-in"


@dataclass
class SftpServer:
    """A running server.

    served: bytes in all. started_at: where the reading of each opened file began. cuts: how many bytes are served in
    all when a connection breaks, one each. silent: reads are never answered. deaf: from the first listing on nothing is
    answered at all. banner: what is said before anybody logs in. fault: what reads are answered with in place of the
    file.
    """

    folder: Path
    port: int = 0
    host_key: str = ""
    served: int = 0
    started_at: list[int] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    read_only: bool = False
    silent: bool = False
    deaf: bool = False
    posix_rename: bool = True
    banner: str = ""
    fault: str = ""

    def connection(self, **facts: Any) -> Connection:
        """The connection with which a feed is let in; `facts` replace its own."""
        known = {"login": USER, "password": PASSWORD, "extra": {"host_key": self.host_key}}
        return Connection("council_sftp", "127.0.0.1", self.port, **(known | facts))


class _Account(asyncssh.SSHServer):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh's
        if self._server.banner:
            self._connection.send_auth_banner(self._server.banner)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


class _Folder(asyncssh.SFTPServer):
    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], server: SftpServer) -> None:
        super().__init__(chan, chroot=os.fsencode(server.folder))
        self._server = server
        self._session = chan.get_connection()
        self._read: set[object] = set()
        self._cut = False

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        if self._server.deaf:
            self._session._transport.pause_reading()  # noqa: SLF001 - nothing else makes it deaf
            await asyncio.sleep(3600)
        async for name in super().scandir(path):
            yield name

    def read(self, file_obj: object, offset: int, size: int) -> Any:
        if self._server.silent:
            return asyncio.sleep(3600)
        if self._server.fault:
            raise asyncssh.SFTPFailure(self._server.fault)
        if file_obj not in self._read:
            self._read.add(file_obj)
            self._server.started_at.append(offset)
        data = super().read(file_obj, offset, size)
        self._server.served += len(data)
        if not self._cut and self._server.cuts and self._server.served >= self._server.cuts[0]:
            self._cut = True
            self._server.cuts.pop(0)
            self._session.abort()
        return data

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if self._server.read_only:
            raise asyncssh.SFTPPermissionDenied("read-only")
        return super().rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if not self._server.posix_rename:
            raise asyncssh.SFTPOpUnsupported("no such extension")
        return super().posix_rename(oldpath, newpath)


@contextmanager
def sftp_serving(folder: Path) -> Iterator[SftpServer]:
    """Serve a folder as `/` on a free loopback port, in a thread of its own, while the block lasts."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = SftpServer(folder, host_key=" ".join(key.export_public_key().decode().split()[:2]))
    started: Future[Any] = Future()

    async def serve() -> None:
        stopped = asyncio.Event()
        listener = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=partial(_Account, server),
            server_host_keys=[key],
            sftp_factory=partial(_Folder, server=server),
        )
        server.port = listener.get_port()
        started.set_result(partial(asyncio.get_running_loop().call_soon_threadsafe, stopped.set))
        await stopped.wait()
        listener.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(asyncio.run, serve())
        stop = started.result(timeout=30)
        try:
            yield server
        finally:
            stop()
        running.result(timeout=30)
