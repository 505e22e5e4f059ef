"""The sample council's SFTP server: one account, read-only, its folder and nothing else; loopback only.

python -m demo.sftp_server --root DIR --port N --host-key FILE --user NAME --password-env VAR
    [--uploading FOLDER/NAME]
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import logging
import os
import signal
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import asyncssh
from asyncssh.constants import FXF_READ

from demo.case_system import CaseSystem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

LOOPBACK = "127.0.0.1"
# Less than a row at a time, so that the file ends in the middle of one most of the time.
PIECE = 90

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SftpAddress:
    """Where a server answers and what a client needs. host_key: `ssh-ed25519` and the key in base64."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    host_key: str


@dataclass(frozen=True)
class Offer:
    """A folder, and the one account that may read it.

    uploading: a path below root that is emptied at the start and then grows by a piece of a row every so many
    seconds, as long as the server lives.
    """

    root: Path
    user: str
    password: str = field(repr=False)
    uploading: str | None = None
    every: float = 1.0


def host_key(file: Path) -> asyncssh.SSHKey:
    """The ed25519 key in `file`, made there first (readable by its owner only) when the file is missing."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        new = asyncssh.generate_private_key("ssh-ed25519")
        beside = file.with_name(f"{file.name}.tmp")
        beside.touch(mode=0o600)
        beside.write_bytes(new.export_private_key())
        beside.replace(file)
    return asyncssh.read_private_key(file)


def host_key_line(key: asyncssh.SSHKey) -> str:
    """The public half as a client pins it: the algorithm and the key in base64."""
    return " ".join(key.export_public_key().decode("ascii").split()[:2])


class _OneAccount(asyncssh.SSHServer):
    """Lets in one user with one password. Keeps its connection in `connections` while it lasts."""

    def __init__(self, offer: Offer, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._offer = offer
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # asyncssh logs it
        self._connections.discard(self._connection)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        right_user = hmac.compare_digest(username.encode(), self._offer.user.encode())
        right_password = hmac.compare_digest(password.encode(), self._offer.password.encode())
        return right_user and right_password


def _refuse(*_: object) -> NoReturn:
    raise asyncssh.SFTPPermissionDenied("This server is read-only")


# Stands in for requests of any shape.
_refused: Callable[..., NoReturn] = _refuse


class _ReadOnlyFolder(asyncssh.SFTPServer):
    """Shows one folder as `/`. Nothing can be written, and no link leads out of it."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], root: Path) -> None:
        super().__init__(chan, chroot=os.fsencode(root))
        self._root = os.path.realpath(os.fsencode(root))

    def map_path(self, path: bytes) -> bytes:
        # asyncssh stops `..` at the root, but would follow a symbolic link that points outside.
        local = super().map_path(path)
        real = os.path.realpath(local)
        if os.path.commonpath([real, self._root]) != self._root:
            raise asyncssh.SFTPNoSuchFile("No such file")
        return local

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & ~FXF_READ:
            _refuse()
        return super().open(path, pflags, attrs)

    write = setstat = lsetstat = fsetstat = remove = mkdir = rmdir = _refused
    rename = posix_rename = symlink = link = _refused


@asynccontextmanager
async def listening(offer: Offer, key: asyncssh.SSHKey, port: int = 0) -> AsyncIterator[int]:
    """Serve an offer over SFTP on the loopback interface while the context lasts.

    Gives the port (`port` 0 takes a free one). Raises OSError when the port is taken.
    """
    upload: asyncio.Task[None] | None = None
    if offer.uploading:
        file = offer.root / offer.uploading
        pieces = _pieces()
        # The first piece is there before any client, and whatever an earlier server left is gone.
        file.write_bytes(next(pieces))
        upload = asyncio.create_task(_append(pieces, file, offer.every))
    connections: set[asyncssh.SSHServerConnection] = set()
    listener = await asyncssh.listen(
        LOOPBACK,
        port,
        server_factory=partial(_OneAccount, offer, connections),
        server_host_keys=[key],
        sftp_factory=partial(_ReadOnlyFolder, root=offer.root),
        # The version of practically all clients; later ones can open files in further ways.
        sftp_version=3,
        gss_host=None,
    )
    try:
        yield listener.get_port()
    finally:
        listener.close()
        for connection in list(connections):
            connection.abort()
        await listener.wait_closed()
        if upload is not None:
            upload.cancel()
            with suppress(asyncio.CancelledError):
                await upload


def _pieces() -> Iterator[bytes]:
    """The unfinished export, cut into equal pieces without regard to rows."""
    rest = b""
    for row in CaseSystem().unfinished_upload():
        rest += row
        while len(rest) >= PIECE:
            yield rest[:PIECE]
            rest = rest[PIECE:]


async def _append(pieces: Iterator[bytes], file: Path, every: float) -> None:
    with file.open("ab", buffering=0) as target:
        for piece in pieces:
            await asyncio.sleep(every)
            target.write(piece)


@contextmanager
def serving(
    root: Path, user: str, password: str, *, uploading: str | None = None, every: float = 1.0
) -> Iterator[SftpAddress]:
    """The same server inside this process, in a thread of its own, with a new host key and on a free port.

    uploading, every: as in `Offer`. Ends with the context; an error of the server is raised from there.
    """
    offer = Offer(root, user, password, uploading, every)
    key = asyncssh.generate_private_key("ssh-ed25519")
    started: Future[tuple[int, Callable[[], object]]] = Future()

    async def serve() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with listening(offer, key) as port:
            started.set_result((port, partial(loop.call_soon_threadsafe, stopped.set)))
            await stopped.wait()

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sftp-server") as pool:
        server = pool.submit(asyncio.run, serve())
        either: list[Future[Any]] = [server, started]
        wait(either, return_when=FIRST_COMPLETED)
        if server.done():
            server.result()  # raises what kept it from starting
        port, stop = started.result()
        try:
            yield SftpAddress(LOOPBACK, port, user, password, host_key_line(key))
        finally:
            stop()
        server.result()


async def _serve_until_signal(options: argparse.Namespace, password: str) -> None:
    stopped = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, stopped.set)
    offer = Offer(options.root, options.user, password, options.uploading)
    key = host_key(options.host_key)
    async with listening(offer, key, options.port) as port:
        logger.info("listening on %s:%d, host key %s", LOOPBACK, port, host_key_line(key))
        await stopped.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT. arguments: those of the command line when None; wrong ones end with code 2."""
    parser = argparse.ArgumentParser(prog="python -m demo.sftp_server")
    parser.add_argument("--root", type=Path, required=True, help="the folder shown as /")
    parser.add_argument("--port", type=int, required=True, help="0 picks a free one and logs it")
    parser.add_argument("--host-key", type=Path, required=True, help="private key file, made when missing")
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-env", required=True, help="environment variable that holds the password")
    parser.add_argument("--uploading", help="FOLDER/NAME below the root that keeps growing")
    options = parser.parse_args(arguments)
    password = os.environ.get(options.password_env, "")
    if not password:
        parser.error(f"--password-env: set {options.password_env} to the account's password")
    if not options.root.is_dir():
        parser.error("--root: name a folder that exists")
    if options.uploading and not (options.root / options.uploading).resolve().is_relative_to(options.root.resolve()):
        parser.error("--uploading: name a file below the root")
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    asyncssh.set_log_level(logging.WARNING)
    asyncio.run(_serve_until_signal(options, password))


if __name__ == "__main__":
    main()
