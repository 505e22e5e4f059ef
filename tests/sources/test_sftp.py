"""A folder on an SFTP server: what is listed, how it is fetched when the line breaks, what is moved and written."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest

from local_digital.config.sources import MIB, Sftp
from local_digital.errors import ConfigurationError, RefusedError, TransportError
from local_digital.sources.sftp import SftpSource, _OpenSftp
from local_digital.sources.spool import Spool
from tests.sources.conftest import put

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sources.sftp_server import SftpServer

NIGHT = "bins_20251104.csv"


def source(server: SftpServer, *, connection: dict[str, Any] | None = None, **facts: Any) -> SftpSource:
    given = {"kind": "sftp", "connection": "council_sftp", "files": "bins_{date:%Y%m%d}.csv"} | facts
    return SftpSource(Sftp.model_validate(given), server.connection(**(connection or {})))


def names(of: SftpSource) -> list[str]:
    return [file.name for file in of.list_files()]


def test_pattern_may_span_folders_named_by_the_date(server: SftpServer) -> None:
    put(server.folder, "2025/11/bins_north_04.csv")
    put(server.folder, "2025/11/other_04.csv")
    put(server.folder, "2025/notes/bins_north_04.csv")
    put(server.folder, "elsewhere/11/bins_north_04.csv")
    assert names(source(server, files="{date:%Y}/{date:%m}/bins_*_{date:%d}.csv")) == ["2025/11/bins_north_04.csv"]


def test_only_folders_that_can_hold_an_export_are_read(server: SftpServer) -> None:
    put(server.folder, "2025/bins_04_11.csv")
    put(server.folder, "private/x/notes.txt").parent.chmod(0)
    assert names(source(server, files="{date:%Y}/bins_{date:%d_%m}.csv")) == ["2025/bins_04_11.csv"]


def test_any_depth_is_read_where_the_pattern_says_so(server: SftpServer) -> None:
    put(server.folder, "bins.csv")
    put(server.folder, "a/b/c/bins.csv")
    assert names(source(server, files="**/bins.csv")) == ["a/b/c/bins.csv", "bins.csv"]


def test_a_tree_without_end_is_not_followed(server: SftpServer) -> None:
    put(server.folder, "/".join("abcdefgh") + "/bins.csv")
    put(server.folder, "/".join("abcdefghi") + "/bins.csv")
    assert names(source(server, files="**/bins.csv")) == ["a/b/c/d/e/f/g/h/bins.csv"]


def test_links_are_not_followed(server: SftpServer, tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", "bins.csv")
    (server.folder / "bins.csv").symlink_to(outside)
    (server.folder / "folder").symlink_to(outside.parent)
    assert names(source(server, files="**/bins.csv")) == []


def test_a_name_that_is_no_text_hides_no_other(server: SftpServer) -> None:
    put(server.folder, NIGHT)
    (server.folder / os.fsdecode(b"bins_\xa3.csv")).write_bytes(b"rows")
    assert names(source(server, files="bins_*.csv")) == [NIGHT]


def test_files_come_whole_and_unchanged(server: SftpServer, tmp_path: Path) -> None:
    content = os.urandom(3 * MIB + 1)
    put(server.folder, NIGHT, content)
    sftp = source(server)
    with Spool(tmp_path / "spool") as spool:
        [(file, path)] = sftp.fetch(sftp.list_files(), spool)
        assert (file.name, path.read_bytes()) == (NIGHT, content)


def test_download_goes_on_where_the_connection_broke(server: SftpServer, tmp_path: Path) -> None:
    content = os.urandom(9 * MIB)
    put(server.folder, NIGHT, content)
    server.cuts = [5 * MIB]
    sftp = source(server)
    with Spool(tmp_path / "spool") as spool:
        [(_, path)] = sftp.fetch(sftp.list_files(), spool)
        assert path.read_bytes() == content
    first, second = server.started_at
    assert first == 0 < second


def test_a_later_try_goes_on_where_the_last_one_gave_up(server: SftpServer, tmp_path: Path) -> None:
    content = os.urandom(9 * MIB)
    put(server.folder, NIGHT, content)
    server.cuts = [5 * MIB, 0, 0, 0]
    sftp = source(server)
    with Spool(tmp_path / "spool") as spool, pytest.raises(TransportError):
        sftp.fetch(sftp.list_files(), spool)
    assert server.cuts == []
    with Spool(tmp_path / "spool") as spool:
        [(_, path)] = sftp.fetch(sftp.list_files(), spool)
        assert path.read_bytes() == content
    assert server.started_at[-1] > 0


def test_a_file_that_changed_meanwhile_is_left(server: SftpServer, tmp_path: Path) -> None:
    put(server.folder, NIGHT, "half")
    put(server.folder, "bins_20251105.csv", "whole")
    sftp = source(server)
    listed = sftp.list_files()
    put(server.folder, NIGHT, "half and more")
    with Spool(tmp_path / "spool") as spool:
        assert [file.name for file, _ in sftp.fetch(listed, spool)] == ["bins_20251105.csv"]


def test_a_file_that_went_meanwhile_is_left(server: SftpServer, tmp_path: Path) -> None:
    gone = put(server.folder, NIGHT)
    sftp = source(server)
    listed = sftp.list_files()
    gone.unlink()
    with Spool(tmp_path / "spool") as spool:
        assert sftp.fetch(listed, spool) == []


def test_bytes_other_than_the_manifest_states_are_left(server: SftpServer, tmp_path: Path) -> None:
    put(server.folder, NIGHT, "rows")
    put(server.folder, "manifest.txt", f"{NIGHT} {'0' * 64}\n")
    sftp = source(server, manifest="manifest.txt")
    with Spool(tmp_path / "spool") as spool:
        assert sftp.fetch(sftp.list_files(), spool) == []


def test_archived_files_are_moved_and_never_listed_again(server: SftpServer) -> None:
    put(server.folder, "2025/bins_04_11.csv", "rows")
    sftp = source(server, files="**/bins*.csv", archive="taken/by-us")
    sftp.archive(sftp.list_files())
    assert names(sftp) == []
    assert (server.folder / "taken/by-us/2025/bins_04_11.csv").read_text() == "rows"


def test_nothing_in_the_archive_is_overwritten(server: SftpServer) -> None:
    sftp = source(server, archive="taken")
    for content in ("first", "second", "third"):
        put(server.folder, NIGHT, content)
        sftp.archive(sftp.list_files())
    kept = {path.name: path.read_text() for path in (server.folder / "taken").iterdir()}
    assert kept == {NIGHT: "first", "bins_20251104.2.csv": "second", "bins_20251104.3.csv": "third"}


def test_a_file_replaced_since_it_was_listed_is_not_archived(server: SftpServer) -> None:
    put(server.folder, NIGHT, "taken")
    sftp = source(server, archive="taken")
    listed = sftp.list_files()
    put(server.folder, NIGHT, "not taken yet")
    sftp.archive(listed)
    assert names(sftp) == [NIGHT]


def test_a_file_replaced_while_it_is_archived_is_put_back_to_be_taken(
    server: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server.folder, NIGHT, "taken")
    put(server.folder, f"{NIGHT}.done")
    sftp = source(server, marker="{name}.done", archive="taken")
    listed = sftp.list_files()
    make_folder = _OpenSftp.make_folder

    def replaced_meanwhile(folder: _OpenSftp, path: str) -> None:
        make_folder(folder, path)
        put(server.folder, NIGHT, "not taken yet")

    monkeypatch.setattr(_OpenSftp, "make_folder", replaced_meanwhile)
    sftp.archive(listed)
    assert (server.folder / NIGHT).read_text() == "not taken yet"
    assert (server.folder / f"{NIGHT}.done").exists()
    assert list((server.folder / "taken").iterdir()) == []


def test_a_file_written_anew_twice_while_it_is_archived_is_told_of(
    server: SftpServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put(server.folder, NIGHT, "taken")
    sftp = source(server, archive="taken")
    listed = sftp.list_files()
    move = _OpenSftp.move

    def replaced_twice(folder: _OpenSftp, path: str, to: str) -> None:
        put(server.folder, NIGHT, "not taken yet")
        move(folder, path, to)
        put(server.folder, NIGHT, "nor is this")

    monkeypatch.setattr(_OpenSftp, "move", replaced_twice)
    sftp.archive(listed)
    assert (server.folder / NIGHT).read_text() == "nor is this"
    assert (server.folder / "taken" / NIGHT).read_text() == "not taken yet"
    assert f"taken/{NIGHT} was not taken" in caplog.text


def test_a_marker_goes_with_its_file(server: SftpServer) -> None:
    put(server.folder, NIGHT)
    put(server.folder, f"{NIGHT}.done")
    sftp = source(server, marker="{name}.done", archive="taken")
    sftp.archive(sftp.list_files())
    assert sorted(path.name for path in server.folder.iterdir()) == ["taken"]


def test_a_marker_of_an_archived_file_calls_no_later_one_whole(server: SftpServer) -> None:
    sftp = source(server, marker="{stem}.ok", archive="taken")
    put(server.folder, NIGHT)
    put(server.folder, "bins_20251104.ok")
    sftp.archive(sftp.list_files())
    put(server.folder, NIGHT, "half", age=0)
    assert names(sftp) == []
    put(server.folder, "bins_20251104.ok", age=0)
    assert names(sftp) == [NIGHT]


def test_a_marker_of_many_files_stays(server: SftpServer) -> None:
    put(server.folder, NIGHT)
    put(server.folder, "_SUCCESS")
    sftp = source(server, marker="_SUCCESS", archive="taken")
    sftp.archive(sftp.list_files())
    assert (server.folder / "_SUCCESS").exists()


def test_without_an_archive_nothing_is_moved(server: SftpServer) -> None:
    put(server.folder, NIGHT)
    sftp = source(server)
    sftp.archive(sftp.list_files())
    assert names(sftp) == [NIGHT]


def test_archive_that_may_not_be_written_is_refused(server: SftpServer) -> None:
    put(server.folder, NIGHT)
    server.read_only = True
    sftp = source(server, archive="taken")
    with pytest.raises(RefusedError, match="moved and written"):
        sftp.archive(sftp.list_files())
    assert names(sftp) == [NIGHT]


@pytest.mark.parametrize("posix_rename", [True, False])
def test_a_report_replaces_the_one_before_it(server: SftpServer, posix_rename: bool) -> None:
    server.posix_rename = posix_rename
    sftp = source(server, report_folder="reports/bins")
    sftp.put_report("today.csv", b"first")
    sftp.put_report("today.csv", b"second")
    assert [path.name for path in (server.folder / "reports/bins").iterdir()] == ["today.csv"]
    assert (server.folder / "reports/bins/today.csv").read_bytes() == b"second"


def test_reports_are_never_taken_for_exports(server: SftpServer) -> None:
    sftp = source(server, files="**/*.csv", report_folder="reports")
    sftp.put_report("today.csv", b"line,rule")
    assert names(sftp) == []


def test_no_report_without_a_folder_for_it(server: SftpServer) -> None:
    with pytest.raises(ConfigurationError, match="report_folder"):
        source(server).put_report("today.csv", b"")


def test_missing_folder_is_refused(server: SftpServer) -> None:
    with pytest.raises(RefusedError, match="no such folder"):
        names(source(server, folder="wrong"))


def test_a_server_that_is_not_there_may_be_tried_again(server: SftpServer) -> None:
    closed = server.connection()
    object.__setattr__(closed, "port", 1)
    with pytest.raises(TransportError) as failed:
        SftpSource(source(server).facts, closed).list_files()
    assert failed.value.retry


def test_a_server_that_falls_silent_is_given_up(
    server: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_digital.sources.files._ATTEMPTS", 1)
    put(server.folder, NIGHT)
    sftp = source(server, timeout_seconds=1)
    listed = sftp.list_files()
    server.silent = True
    with Spool(tmp_path / "spool") as spool, pytest.raises(TransportError, match="TimeoutError"):
        sftp.fetch(listed, spool)


def test_a_server_that_does_not_even_hear_that_it_is_given_up_is_given_up(server: SftpServer) -> None:
    put(server.folder, NIGHT)
    server.deaf = True
    with pytest.raises(TransportError, match="TimeoutError"):
        source(server, timeout_seconds=1).list_files()


def test_a_key_that_is_none_is_shown_to_nobody(server: SftpServer) -> None:
    extra = {"host_key": server.host_key, "private_key": "secret-but-no-key"}
    with pytest.raises(ConfigurationError) as wrong:
        names(source(server, connection={"extra": extra}))
    assert "secret-but-no-key" not in str(wrong.value)


def test_a_host_key_that_is_none_is_told_and_no_connection_made(server: SftpServer) -> None:
    given = source(server, connection={"extra": {"host_key": "SHA256:abc"}})
    with pytest.raises(ConfigurationError, match=r"`host_key` in OpenSSH form, .*; found something else"):
        given.list_files()


def test_a_host_key_of_a_type_that_the_server_does_not_offer_is_refused(server: SftpServer) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()

    def tried_again() -> None:
        # Both ends give up at once: a server that hangs up first looks like a lost connection.
        for _ in range(4):
            with contextlib.suppress(TransportError):
                names(source(server, connection={"extra": {"host_key": other}}))

    with pytest.raises(
        RefusedError, match="the pinned host key; found a server that does not offer a key of that type"
    ):
        tried_again()


def test_a_full_disk_of_our_own_is_not_put_down_to_the_council(
    server: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_digital.sources.files._PAUSE_SECONDS", 0)
    put(server.folder, NIGHT, os.urandom(MIB))
    sftp = source(server)
    [listed] = sftp.list_files()
    with Spool(tmp_path / "spool") as spool:
        spool.path(sftp.origin, listed.name, listed.size, listed.modified).symlink_to("/dev/full")
        with pytest.raises(TransportError, match=r"spool: expected room .* No space left") as full:
            sftp.fetch([listed], spool)
    assert "council" not in str(full.value)
