"""The sample councils' SFTP server: an account each, read-only, its own folder and nothing else; loopback by default.

python -m demo.sftp_server --port N --host-key FILE --accounts FILE [--host ADDRESS]

The accounts are a JSON list: `[{"user": "...", "password": "...", "root": "DIR", "uploading": "FOLDER/NAME"}]`, the
last only for an account with an upload that never ends.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import logging
import os
import signal
import sys
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import asyncssh
from asyncssh.constants import FXF_READ

from demo.case_system import CaseSystem
from demo.private_files import read_private
from local_digital.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

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


class _Accounts(asyncssh.SSHServer):
    """Lets in each user with the password of that account. Keeps its connection in `connections` while it lasts."""

    def __init__(self, offers: Mapping[str, Offer], connections: set[asyncssh.SSHServerConnection]) -> None:
        self._offers = offers
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
        offer = self._offers.get(username)
        # As much work for a user that is not there.
        right = hmac.compare_digest(password.encode(), (offer.password if offer else username).encode())
        return offer is not None and right


def _refuse(*_: object) -> NoReturn:
    raise asyncssh.SFTPPermissionDenied("This server is read-only")


# Stands in for requests of any shape.
_refused: Callable[..., NoReturn] = _refuse


class _ReadOnlyFolder(asyncssh.SFTPServer):
    """Shows the folder of its account as `/`. Nothing can be written, and no link leads out of it."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], offers: Mapping[str, Offer]) -> None:
        root = offers[chan.get_connection().get_extra_info("username")].root
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
async def listening(
    offers: Sequence[Offer], key: asyncssh.SSHKey, port: int = 0, host: str = LOOPBACK
) -> AsyncIterator[int]:
    """Serve offers over SFTP while the context lasts, on the loopback interface unless `host` is another address.

    Gives the port (`port` 0 takes a free one). Raises OSError when the port is taken.
    """
    uploads = [_begin_upload(offer.root / offer.uploading, offer.every) for offer in offers if offer.uploading]
    connections: set[asyncssh.SSHServerConnection] = set()
    by_user = {offer.user: offer for offer in offers}
    listener = await asyncssh.listen(
        host,
        port,
        server_factory=partial(_Accounts, by_user, connections),
        server_host_keys=[key],
        sftp_factory=partial(_ReadOnlyFolder, offers=by_user),
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
        for upload in uploads:
            upload.cancel()
            with suppress(asyncio.CancelledError):
                await upload


def _begin_upload(file: Path, every: float) -> asyncio.Task[None]:
    pieces = _pieces()
    # The first piece is there before any client, and whatever an earlier server left is gone.
    file.write_bytes(next(pieces))
    return asyncio.create_task(_append(pieces, file, every))


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
    """The same server with one account inside this process, in a thread of its own.

    It has a new host key and a free port. uploading, every: as in `Offer`. Ends with the context; an error of the
    server is raised from there.
    """
    offer = Offer(root, user, password, uploading, every)
    key = asyncssh.generate_private_key("ssh-ed25519")
    started: Future[tuple[int, Callable[[], object]]] = Future()

    async def serve() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with listening([offer], key) as port:
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


async def _serve_until_signal(offers: Sequence[Offer], key_file: Path, port: int, host: str) -> None:
    stopped = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, stopped.set)
    key = host_key(key_file)
    async with listening(offers, key, port, host) as taken:
        logger.info("listening on %s:%d, host key %s", host, taken, host_key_line(key))
        await stopped.wait()


def read_offers(file: Path) -> list[Offer]:
    """Read the accounts of the server. Raises ConfigurationError, which never quotes a password."""
    offers = read_private(file, Offer, "accounts")
    for number, offer in enumerate(offers):
        found = _fault(offer)
        if found is None and offer.user in {other.user for other in offers[:number]}:
            found = "two accounts of one user"
        if found:
            raise ConfigurationError(
                f"accounts in {file.name}, number {number + 1}",
                expected="a user of its own with a password, a root that exists, and an upload below it",
                found=found,
                action="Correct the file and start again.",
            )
    return offers


def _fault(offer: Offer) -> str | None:
    if not (offer.user and offer.password):
        return "an empty user or password"
    if not offer.root.is_dir():
        return "a root that is no folder"
    if offer.uploading and not (offer.root / offer.uploading).resolve().is_relative_to(offer.root.resolve()):
        return "an upload outside of its root"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. arguments: those of the command line when None."""
    parser = argparse.ArgumentParser(prog="python -m demo.sftp_server")
    parser.add_argument("--port", type=int, required=True, help="0 picks a free one and logs it")
    parser.add_argument("--host-key", type=Path, required=True, help="private key file, made when missing")
    parser.add_argument("--accounts", type=Path, required=True, help="JSON list of user, password, root, uploading")
    parser.add_argument("--host", default=LOOPBACK, help="another address to listen on, such as a container's")
    options = parser.parse_args(arguments)
    try:
        offers = read_offers(options.accounts)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    asyncssh.set_log_level(logging.WARNING)
    asyncio.run(_serve_until_signal(offers, options.host_key, options.port, options.host))
    return 0


if __name__ == "__main__":
    sys.exit(main())
