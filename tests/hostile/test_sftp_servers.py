"""Whatever an SFTP server lists and sends, it is taken within limits, or told as an error of ours."""

from __future__ import annotations

import asyncio
import io
import itertools
import tracemalloc
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import asyncssh
import pytest
from asyncssh.sftp import SFTPAttrs, SFTPName
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from local_digital.config.sources import Sftp
from local_digital.errors import DataError, LocalDigitalError, TransportError
from local_digital.settings import Connection
from local_digital.sources.sftp import SftpSource, _OpenSftp
from local_digital.sources.spool import Spool
from tests.hostile.told import must_end_well

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from pathlib import Path

MIB = 2**20
FILE, FOLDER, LINK = 0o100644, 0o040755, 0o120777


class Liar(asyncssh.SFTPServer):
    """A server whose files are what its listing says of each folder, and whose bytes are what `sends` gives."""

    listing: Any = staticmethod(lambda _: [])
    sends: Any = staticmethod(lambda _offset, size: b"x" * size)
    moved: ClassVar[list[tuple[bytes, bytes]]] = []
    opened: ClassVar[list[bytes]] = []

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        for entry in Liar.listing(path):
            yield entry

    def lstat(self, path: bytes) -> SFTPAttrs:
        for entry in itertools.islice(Liar.listing(path.rpartition(b"/")[0] or b"/"), 1000):
            if path.rpartition(b"/")[2] == entry.filename:
                return entry.attrs
        raise asyncssh.SFTPNoSuchFile("none")

    def open(self, path: bytes, *_: Any) -> Any:
        Liar.opened.append(path)
        return object()

    def close(self, _: Any) -> None:
        """There is nothing to close."""

    def fstat(self, _: Any) -> SFTPAttrs:
        return SFTPAttrs(size=0)

    def read(self, _: Any, offset: int, size: int) -> Any:
        return Liar.sends(offset, size)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        Liar.moved.append((oldpath, newpath))

    def mkdir(self, *_: Any) -> None:
        """There is a folder wherever one is wanted."""


class _Anybody(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh's
        return False


def entry(name: bytes, *, mode: int = FILE, size: int = 10, mtime: int = 1_700_000_000) -> SFTPName:
    return SFTPName(name, attrs=SFTPAttrs(size=size, permissions=mode, atime=0, mtime=mtime))


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    started: Future[Any] = Future()

    async def serve() -> None:
        stopped = asyncio.Event()
        listener = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=_Anybody, server_host_keys=[key], sftp_factory=Liar
        )
        started.set_result((listener.get_port(), partial(asyncio.get_running_loop().call_soon_threadsafe, stopped.set)))
        await stopped.wait()
        listener.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(asyncio.run, serve())
        port, stop = started.result(timeout=30)
        host_key = " ".join(key.export_public_key().decode().split()[:2])
        try:
            yield Connection("council_sftp", "127.0.0.1", port, login="us", password="x", extra={"host_key": host_key})
        finally:
            stop()
        running.result(timeout=30)


@pytest.fixture(autouse=True)
def anew() -> None:
    Liar.listing, Liar.sends, Liar.moved, Liar.opened = (lambda _: []), (lambda _, size: b"x" * size), [], []


def source(connection: Connection, **facts: Any) -> SftpSource:
    given_facts = {
        "kind": "sftp",
        "connection": "council_sftp",
        "folder": "/out",
        "files": "**/*",
        "timeout_seconds": 5,
    }
    return SftpSource(Sftp.model_validate(given_facts | facts), connection)


def only(folder: bytes, *entries: SFTPName) -> Any:
    return lambda path: entries if path.rstrip(b"/") == folder else []


@pytest.mark.parametrize(
    "name",
    [
        b"../bins.csv",
        b"../../etc/passwd",
        b"/etc/passwd",
        b"a/../../bins.csv",
        b"a/b.csv",
        b"",
        b"..",
        b"bins.csv/",
        b"./bins.csv",
        b"bins\n.csv",
        b"bins\x1b[2J.csv",
        "bins\u202evsc.exe".encode(),
        b"bins\0.csv",
        b"\xff\xfe.csv",
        b"x" * 5000,
    ],
)
@pytest.mark.parametrize("mode", [FILE, FOLDER, LINK])
def test_a_name_that_leads_out_or_is_no_text_is_passed_over(connection: Connection, name: bytes, mode: int) -> None:
    Liar.listing = only(b"/out", entry(name, mode=mode), entry(b"bins.csv"))
    assert [file.name for file in source(connection).list_files()] == ["bins.csv"]


def test_nothing_outside_of_the_feed_s_folder_is_opened_or_moved(connection: Connection, tmp_path: Path) -> None:
    Liar.listing = only(b"/out", *(entry(name) for name in (b"../secret.csv", b"/etc/x.csv", b"bins.csv", b"..")))
    sftp = source(connection, archive="archive")
    listed = sftp.list_files()
    with Spool(tmp_path / "spool") as spool:
        sftp.fetch(listed, spool)
        sftp.archive(listed)
    assert Liar.opened == [b"/out/bins.csv"]
    assert Liar.moved == [(b"/out/bins.csv", b"/out/archive/bins.csv")]


def test_a_listing_without_end_is_given_up_before_it_fills_the_memory(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_digital.sources.sftp.MOST_NAMES", 3000)
    Liar.listing = lambda _: (entry(b"bins%d.csv" % number) for number in itertools.count())
    with pytest.raises(DataError, match="no end of them"):
        source(connection, timeout_seconds=60).list_files()


def test_names_that_are_no_length_for_a_name_are_not_held(connection: Connection) -> None:
    Liar.listing = only(b"/out", *(entry(b"%d" % number + b"x" * 20_000) for number in range(100)), entry(b"bins.csv"))
    tracemalloc.start()
    assert [file.name for file in source(connection, timeout_seconds=60).list_files()] == ["bins.csv"]
    tracemalloc.stop()


def test_folders_in_folders_without_end_are_given_up(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_digital.sources.files._MOST_FOLDERS", 200)
    Liar.listing = lambda _: [entry(b"%d" % number, mode=FOLDER) for number in range(9)]
    with pytest.raises(DataError, match="200 folders"):
        source(connection).list_files()


def test_a_listing_that_is_never_done_is_given_up(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_digital.sources.files._TIMEOUTS", 0)
    Liar.listing = lambda _: [entry(b"deeper", mode=FOLDER)]
    with pytest.raises(DataError, match="time-outs"):
        source(connection).list_files()


def test_manifests_are_read_within_limits_in_all(connection: Connection) -> None:
    Liar.listing = only(b"/out", *(entry(b"%d.list" % number, size=MIB) for number in range(30)))
    with pytest.raises(DataError, match="in all of"):
        source(connection, manifest="*.list", timeout_seconds=60).list_files()


@pytest.mark.parametrize("size", [2**31, 2**63, 2**64 - 1])
def test_a_size_that_lies_costs_no_more_than_what_is_sent(connection: Connection, tmp_path: Path, size: int) -> None:
    Liar.listing = only(b"/out", entry(b"bins.csv", size=size))
    Liar.sends = lambda offset, asked: b"x" * asked if offset < MIB else b""
    sftp = source(connection)
    with Spool(tmp_path / "spool") as spool:
        assert sftp.fetch(sftp.list_files(), spool) == []


def test_a_file_that_never_ends_is_read_up_to_its_size(connection: Connection, tmp_path: Path) -> None:
    Liar.listing = only(b"/out", entry(b"bins.csv", size=100_000))
    sftp = source(connection)
    with Spool(tmp_path / "spool") as spool:
        [(_, path)] = sftp.fetch(sftp.list_files(), spool)
        assert path.stat().st_size == 100_000


def test_more_bytes_than_were_asked_for_are_no_answer(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_digital.sources.files._PAUSE_SECONDS", 0)
    Liar.listing = only(b"/out", entry(b"bins.csv", size=8 * MIB))
    Liar.sends = lambda _offset, _asked: b"x" * MIB
    sftp = source(connection)
    tracemalloc.start()
    with Spool(tmp_path / "spool") as spool, pytest.raises(TransportError):
        sftp.fetch(sftp.list_files(), spool)
    tracemalloc.stop()
    assert sum(path.stat().st_size for path in (tmp_path / "spool").iterdir()) <= 8 * MIB


class _Backwards:
    """A file of a server that answers for everything but the first block, which asyncssh's own server cannot."""

    async def open(self, *_: Any, **__: Any) -> _Backwards:
        return self

    async def read_parallel(self, size: int, _: int) -> AsyncIterator[tuple[int, bytes]]:
        return self._blocks(size)

    async def _blocks(self, size: int) -> AsyncIterator[tuple[int, bytes]]:
        for start in range(32_768, size, 32_768):
            yield start, b"x" * 32_768


def test_blocks_that_wait_for_one_that_never_comes_do_not_fill_the_memory() -> None:
    facts = Sftp(kind="sftp", connection="council_sftp", files="*")
    target = io.BytesIO()
    tracemalloc.start()
    with asyncio.Runner() as runner, pytest.raises(TransportError, match="SFTPBadMessage"):
        _OpenSftp(runner, _Backwards(), facts, "here").copy("bins.csv", 2**31, target)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert target.getvalue() == b""
    assert peak < 80 * MIB


entries = st.builds(
    entry,
    st.binary(max_size=8) | st.sampled_from([b"bins.csv", b"..", b"/", b"a/b", b"bins.csv.part"]),
    mode=st.sampled_from([FILE, FOLDER, LINK, 0, 0o140000]),
    size=st.integers(0, 2**64 - 1),
    mtime=st.integers(0, 2**32 - 1),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(listed=st.lists(entries, max_size=6), content=st.binary(max_size=50))
@example(listed=[entry(b"a", size=2**64 - 1, mtime=2**32 - 1)], content=b"")
def test_nothing_that_a_server_lists_and_sends_does_more_than_end_in_an_error_of_ours(
    connection: Connection, tmp_path: Path, listed: list[SFTPName], content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    Liar.listing = lambda path: listed if path.count(b"/") < 3 else []
    Liar.sends = lambda offset, asked: content[offset : offset + asked]
    sftp = source(connection, files="**/*", max_bytes=1000)

    def work() -> None:
        files = [file for file in sftp.list_files() if file.size <= 1000]
        assert all("/../" not in f"/{file.name}/" and file.name.isprintable() for file in files)
        with Spool(tmp_path / "spool") as spool:
            sftp.fetch(files, spool)

    must_end_well(work, caplog)


def test_an_error_in_the_server_s_own_words_is_not_told(connection: Connection) -> None:
    def fails(_: bytes) -> Iterable[SFTPName]:
        raise asyncssh.SFTPFailure("Mrs Miggins \x1b[2J")

    Liar.listing = fails
    with pytest.raises(LocalDigitalError) as failed:
        source(connection).list_files()
    assert "Miggins" not in str(failed.value)
