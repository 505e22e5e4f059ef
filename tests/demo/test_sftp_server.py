"""The sample council's SFTP server, asked by a real client."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import asyncssh
import pytest

from demo.case_system import CaseSystem
from demo.sftp_server import Offer, SftpAddress, host_key, host_key_line, listening, serving

FOLDER = "outgoing/missed-bins"
GROWING = f"{FOLDER}/missed_bins_20260407.csv"
PATIENCE = 30
T = TypeVar("T")


async def connect(address: SftpAddress, **credentials: str) -> asyncssh.SSHClientConnection:
    """A connection that checks the server's host key. credentials: others than the address names."""
    known = asyncssh.import_known_hosts(f"[{address.host}]:{address.port} {address.host_key}\n")
    return await asyncssh.connect(
        address.host,
        address.port,
        known_hosts=known,
        username=credentials.get("username", address.user),
        password=credentials.get("password", address.password),
        client_keys=[],
        agent_path=None,
        config=None,
    )


def ask(address: SftpAddress, question: Callable[[asyncssh.SFTPClient], Awaitable[T]], **credentials: str) -> T:
    """The answer of the server's SFTP side to a question, over a connection of its own."""

    async def asked() -> T:
        async with await connect(address, **credentials) as connection, connection.start_sftp_client() as client:
            return await question(client)

    return asyncio.run(asyncio.wait_for(asked(), PATIENCE))


def size_reaches(address: SftpAddress, at_least: int) -> int:
    """The size of the growing file once it is at least so many bytes; fails when it never gets there."""

    async def watch(client: asyncssh.SFTPClient) -> int:
        while (size := (await client.stat(GROWING)).size or 0) < at_least:  # noqa: ASYNC110 - another machine's file
            await asyncio.sleep(0.01)
        return size

    return ask(address, watch)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A council's folder, with something beside it that is nobody's business."""
    folder = tmp_path / "council"
    (folder / FOLDER).mkdir(parents=True)
    (folder / FOLDER / "missed_bins_20260406.csv").write_bytes(b"Case Ref\r\nMB0012345\r\n")
    (tmp_path / "secret.txt").write_text("not for councils", "utf-8")
    return folder


@pytest.fixture
def address(root: Path) -> Iterator[SftpAddress]:
    with serving(root, "solihull", "open sesame") as found:
        yield found


def contents(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_files_can_be_listed_and_fetched(address: SftpAddress) -> None:
    async def fetch(client: asyncssh.SFTPClient) -> tuple[list[str], bytes, int]:
        names = [name for name in await client.listdir(FOLDER) if name not in {".", ".."}]
        async with client.open(f"/{FOLDER}/{names[0]}", "rb") as file:
            content = await file.read()
        return names, content, (await client.stat(f"{FOLDER}/{names[0]}")).size or 0

    assert ask(address, fetch) == (["missed_bins_20260406.csv"], b"Case Ref\r\nMB0012345\r\n", 21)


def test_the_server_answers_on_the_loopback_interface_only(address: SftpAddress) -> None:
    socket.create_connection((address.host, address.port), timeout=PATIENCE).close()
    # Another address of the same machine: a server bound to all of them would answer here too.
    with pytest.raises(OSError):  # noqa: PT011 - refused, unreachable or timed out, as the system has it
        socket.create_connection(("127.0.0.2", address.port), timeout=5)


def test_the_password_does_not_show_in_a_printed_address(address: SftpAddress) -> None:
    assert "open sesame" not in repr(address)


@pytest.mark.parametrize(
    "options", [{"password": "open barley"}, {"username": "root"}, {"username": "", "password": ""}], ids=repr
)
def test_a_wrong_password_or_user_is_refused(address: SftpAddress, options: dict[str, str]) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        ask(address, lambda client: client.listdir("."), **options)


def test_a_client_that_expects_another_host_key_goes_away(address: SftpAddress) -> None:
    another = host_key_line(asyncssh.generate_private_key("ssh-ed25519"))
    mistaken = SftpAddress(address.host, address.port, address.user, address.password, another)
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        ask(mistaken, lambda client: client.listdir("."))


WRITES: dict[str, Callable[[asyncssh.SFTPClient], Awaitable[object]]] = {
    "create": lambda client: client.open("new.csv", "wb").__aenter__(),
    "append": lambda client: client.open(f"{FOLDER}/missed_bins_20260406.csv", "ab").__aenter__(),
    "overwrite": lambda client: client.open(f"{FOLDER}/missed_bins_20260406.csv", "r+b").__aenter__(),
    "truncate": lambda client: client.truncate(f"{FOLDER}/missed_bins_20260406.csv", 0),
    "remove": lambda client: client.remove(f"{FOLDER}/missed_bins_20260406.csv"),
    "rename": lambda client: client.rename(f"{FOLDER}/missed_bins_20260406.csv", "taken.csv"),
    "posix rename": lambda client: client.posix_rename(f"{FOLDER}/missed_bins_20260406.csv", "taken.csv"),
    "make a folder": lambda client: client.mkdir("new"),
    "remove a folder": lambda client: client.rmdir(FOLDER),
    "symbolic link": lambda client: client.symlink("/etc/passwd", "link"),
    "hard link": lambda client: client.link(f"{FOLDER}/missed_bins_20260406.csv", "link"),
    "change times": lambda client: client.utime(f"{FOLDER}/missed_bins_20260406.csv", (0, 0)),
    "change rights": lambda client: client.chmod(f"{FOLDER}/missed_bins_20260406.csv", 0o777),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_nothing_can_be_changed(
    address: SftpAddress, root: Path, write: Callable[[asyncssh.SFTPClient], Awaitable[object]]
) -> None:
    file = root / FOLDER / "missed_bins_20260406.csv"
    before = contents(root), file.stat().st_mtime_ns, file.stat().st_mode
    with pytest.raises(asyncssh.SFTPPermissionDenied):
        ask(address, write)
    assert (contents(root), file.stat().st_mtime_ns, file.stat().st_mode) == before
    assert sorted(path.name for path in root.rglob("*")) == ["missed-bins", "missed_bins_20260406.csv", "outgoing"]


@pytest.mark.parametrize("path", ["../secret.txt", "/../secret.txt", f"{FOLDER}/../../../secret.txt"])
def test_no_path_leads_out_of_the_folder(address: SftpAddress, path: str) -> None:
    async def read(client: asyncssh.SFTPClient) -> bytes:
        async with client.open(path, "rb") as file:
            return await file.read()

    with pytest.raises(asyncssh.SFTPNoSuchFile):
        ask(address, read)


def test_an_absolute_path_of_the_machine_means_nothing(address: SftpAddress, root: Path) -> None:
    for path in (root.parent / "secret.txt", Path("/etc/passwd")):
        assert path.exists()
        with pytest.raises(asyncssh.SFTPNoSuchFile):
            ask(address, lambda client, path=path: client.stat(str(path)))


def test_a_link_that_points_outside_is_not_followed(address: SftpAddress, root: Path) -> None:
    (root / "way-out").symlink_to(root.parent)
    (root / "inside").symlink_to(root / FOLDER)

    async def read(client: asyncssh.SFTPClient) -> bytes:
        async with client.open("way-out/secret.txt", "rb") as file:
            return await file.read()

    for question in (read, lambda client: client.listdir("way-out"), lambda client: client.stat("way-out")):
        with pytest.raises(asyncssh.SFTPNoSuchFile):
            ask(address, question)
    assert "missed_bins_20260406.csv" in ask(address, lambda client: client.listdir("inside"))


def test_the_account_has_no_shell_and_reaches_nothing_else(address: SftpAddress) -> None:
    async def run() -> None:
        async with await connect(address) as connection:
            await connection.run("id", check=True)

    async def forward() -> None:
        async with await connect(address) as connection:
            await connection.open_connection("127.0.0.1", address.port)

    for misuse in (run, forward):
        with pytest.raises((asyncssh.ChannelOpenError, asyncssh.ProcessError)):
            asyncio.run(asyncio.wait_for(misuse(), PATIENCE))


def test_each_account_sees_its_own_folder_and_needs_its_own_password(tmp_path: Path) -> None:
    offers = []
    for name in ("camden", "fife"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"bins-of-{name}.csv").write_bytes(b"ref\r\n")
        offers.append(Offer(tmp_path / name, name, f"words of {name}"))

    async def names(client: asyncssh.SFTPClient) -> list[str]:
        return sorted(str(name) for name in await client.listdir(".") if name not in {".", ".."})

    async def ask_each() -> list[tuple[str, list[str]]]:
        found = []
        key = asyncssh.generate_private_key("ssh-ed25519")
        async with listening(offers, key) as port:
            for offer in offers:
                address = SftpAddress("127.0.0.1", port, offer.user, offer.password, host_key_line(key))
                async with await connect(address) as connection, connection.start_sftp_client() as client:
                    found.append((offer.user, await names(client)))
                with pytest.raises(asyncssh.PermissionDenied):
                    await connect(address, password=offers[offer is offers[0]].password)
        return found

    found = asyncio.run(asyncio.wait_for(ask_each(), PATIENCE))

    assert found == [("camden", ["bins-of-camden.csv"]), ("fife", ["bins-of-fife.csv"])]


def test_two_servers_live_side_by_side(address: SftpAddress, root: Path) -> None:
    with serving(root, "another", "other words") as second:
        assert second.port != address.port
        assert second.host_key != address.host_key
        for server in (address, second):
            assert "outgoing" in ask(server, lambda client: client.listdir("."))


def test_the_server_is_gone_after_its_context_even_with_a_client_connected(root: Path) -> None:
    async def outlive() -> None:
        with serving(root, "solihull", "open sesame") as address:
            connection = await connect(address)
        await asyncio.wait_for(connection.wait_closed(), PATIENCE)
        with pytest.raises(ConnectionRefusedError):
            await connect(address)

    asyncio.run(outlive())


def test_a_folder_for_the_upload_that_is_missing_keeps_the_server_from_starting(root: Path) -> None:
    with (
        pytest.raises(FileNotFoundError),
        serving(root, "solihull", "open sesame", uploading="no/such/folder/file.csv"),
    ):
        pass


def test_an_upload_in_progress_starts_afresh_and_grows(root: Path) -> None:
    left_over = b"left over from another day " * 1000
    (root / GROWING).write_bytes(left_over)
    with serving(root, "solihull", "open sesame", uploading=GROWING, every=0.01) as address:
        assert (root / GROWING).stat().st_size < len(left_over)
        small = size_reaches(address, 1)
        assert size_reaches(address, small + 500) >= small + 500
    content = (root / GROWING).read_bytes()
    whole = b"".join(itertools.islice(CaseSystem().unfinished_upload(), len(content)))
    assert whole.startswith(content)


def test_the_growing_file_stops_with_the_server(root: Path) -> None:
    with serving(root, "solihull", "open sesame", uploading=GROWING, every=0.01) as address:
        size_reaches(address, 300)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("sftp-server")]


# As a program of its own


def accounts(root: Path, **more: object) -> list[dict[str, object]]:
    return [{"user": "solihull", "password": "open sesame", "root": str(root), **more}]


def started(tmp_path: Path, listed: object) -> subprocess.Popen[str]:
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps(listed), "utf-8")
    return subprocess.Popen(
        [
            sys.executable, "-m", "demo.sftp_server", "--port", "0", "--host-key", str(tmp_path / "keys" / "key"),
            "--accounts", str(file),
        ],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def address_of(server: subprocess.Popen[str]) -> SftpAddress:
    assert server.stderr is not None
    line = server.stderr.readline()
    found = re.search(r"listening on 127\.0\.0\.1:(\d+), host key (ssh-ed25519 \S+)", line)
    assert found, line
    return SftpAddress("127.0.0.1", int(found[1]), "solihull", "open sesame", found[2])


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_program_serves_until_it_is_told_to_end(root: Path, tmp_path: Path, ending: signal.Signals) -> None:
    with started(tmp_path, accounts(root, uploading=GROWING)) as server:
        try:
            address = address_of(server)
            small = size_reaches(address, 1)
            assert size_reaches(address, small + 1) > small
        finally:
            server.send_signal(ending)
        assert server.wait(PATIENCE) == 0
        assert server.stderr is not None
        assert "Traceback" not in server.stderr.read()


def test_the_host_key_is_made_once_and_kept_private(root: Path, tmp_path: Path) -> None:
    key = tmp_path / "keys" / "key"
    seen = set()
    for _ in range(2):
        with started(tmp_path, accounts(root)) as server:
            address = address_of(server)
            seen.add(address.host_key)
            assert "outgoing" in ask(address, lambda client: client.listdir("."))
            server.terminate()
    assert seen == {host_key_line(host_key(key))}
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"root": "no-such-folder"}, "no folder"),
        ({"uploading": "../elsewhere.csv"}, "outside"),
        ({"password": ""}, "empty"),
        ({"colour": "open sesame"}, "user"),
    ],
)
def test_wrong_accounts_end_the_program_with_a_plain_word_and_no_password(
    root: Path, tmp_path: Path, wrong: dict[str, object], complaint: str
) -> None:
    listed = [{**accounts(root)[0], **wrong}]
    if "colour" in wrong:
        del listed[0]["user"]
    with started(tmp_path, listed) as server:
        assert server.wait(PATIENCE) == 2
        assert server.stderr is not None
        said = server.stderr.read()
    assert complaint in said
    assert "accounts.json" in said
    assert "open sesame" not in said


def test_two_accounts_of_one_user_are_refused(root: Path, tmp_path: Path) -> None:
    with started(tmp_path, accounts(root) * 2) as server:
        assert server.wait(PATIENCE) == 2
        assert server.stderr is not None
        assert "two accounts" in server.stderr.read()
