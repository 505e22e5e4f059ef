"""A drop folder, on this machine's disk and in another kind of store: the same promises as on a server."""

from __future__ import annotations

import itertools
import os
import shutil
import uuid
from typing import TYPE_CHECKING, Any, BinaryIO

import fsspec
import pytest

from local_digital.config.sources import MIB, Folder
from local_digital.errors import ConfigurationError, DataError, RefusedError, TransportError
from local_digital.settings import Connection
from local_digital.sources.folder import FolderSource, _OpenStore
from local_digital.sources.spool import Spool
from tests.sources.conftest import put

if TYPE_CHECKING:
    from pathlib import Path

NIGHT = "bins_20251104.csv"


def source(folder: Path | str, **facts: Any) -> FolderSource:
    given = {"kind": "folder", "folder": str(folder), "files": "**/bins_{date:%Y%m%d}.csv"} | facts
    return FolderSource(Folder.model_validate(given))


def names(of: FolderSource) -> list[str]:
    return [file.name for file in of.list_files()]


@pytest.fixture(params=["path", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty drop folder."""
    url = str(tmp_path / "drop") if request.param == "path" else f"memory://{uuid.uuid4().hex}"
    store, root = fsspec.core.url_to_fs(url)
    store.makedirs(root)
    return url


def drop(folder: str, name: str, content: bytes = b"rows") -> None:
    store, root = fsspec.core.url_to_fs(folder)
    store.makedirs(f"{root}/{name}".rpartition("/")[0], exist_ok=True)
    store.pipe_file(f"{root}/{name}", content)


def content(folder: str, name: str) -> bytes:
    store, root = fsspec.core.url_to_fs(folder)
    return bytes(store.cat_file(f"{root}/{name}"))


def test_files_are_listed_at_any_depth_and_come_unchanged(folder: str, tmp_path: Path) -> None:
    sent = os.urandom(5 * MIB)
    drop(folder, f"north/depot/{NIGHT}", sent)
    drop(folder, f"{NIGHT}.part")
    drop(folder, "other.csv")
    drops = source(folder)
    with Spool(tmp_path / "spool") as spool:
        [(file, path)] = drops.fetch(drops.list_files(), spool)
        assert (file.name, path.read_bytes()) == (f"north/depot/{NIGHT}", sent)


@pytest.mark.parametrize("below", [".", "exports/bins"])
def test_connection_may_say_where_the_folder_lies(folder: str, below: str) -> None:
    drop(folder if below == "." else f"{folder}/{below}", NIGHT)
    facts = Folder.model_validate({"kind": "folder", "connection": "drop", "folder": below, "files": "*.csv"})
    drops = FolderSource(facts, Connection("drop", host=folder))
    assert names(drops) == [NIGHT]
    elsewhere = FolderSource(facts, Connection("drop", host=f"{folder}-of-another"))
    assert drops.origin != elsewhere.origin


def test_a_copy_goes_on_where_it_stopped(folder: str, tmp_path: Path) -> None:
    drop(folder, NIGHT, b"0123456789")
    drops = source(folder)
    [listed] = drops.list_files()
    with Spool(tmp_path / "spool") as spool:
        partial = spool.partial(spool.path(drops.origin, listed.name, listed.size, listed.modified))
        assert partial
        partial.write(b"already-")
    with Spool(tmp_path / "spool") as spool:
        [(_, path)] = drops.fetch([listed], spool)
        assert path.read_bytes() == b"already-89"


def test_only_files_that_the_manifest_names_are_taken(folder: str) -> None:
    drop(folder, NIGHT)
    drop(folder, "bins_20251105.csv")
    drop(folder, "manifests/bins.txt", NIGHT.encode())
    assert names(source(folder, manifest="manifests/*.txt")) == [NIGHT]


def test_a_manifest_that_is_still_being_written_says_nothing(folder: str) -> None:
    drop(folder, NIGHT)
    drop(folder, "manifest.txt.part", NIGHT.encode())
    assert names(source(folder, manifest="manifest.txt*")) == []


def test_a_manifest_too_large_to_be_one_is_not_read(folder: str) -> None:
    drop(folder, "manifest.txt", b"x" * (MIB + 1))
    with pytest.raises(DataError, match="1048576"):
        names(source(folder, manifest="manifest.txt"))


def test_archived_files_are_kept_beside_those_of_the_same_name(folder: str) -> None:
    drops = source(folder, archive="taken")
    for sent in (b"first", b"second"):
        drop(folder, f"north/{NIGHT}", sent)
        drops.archive(drops.list_files())
    assert names(drops) == []
    assert content(folder, f"taken/north/{NIGHT}") == b"first"
    assert content(folder, "taken/north/bins_20251104.2.csv") == b"second"


def test_a_file_replaced_while_it_is_archived_is_put_back_to_be_taken(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, NIGHT, b"taken")
    drops = source(folder, archive="taken")
    listed = drops.list_files()
    make_folder = _OpenStore.make_folder

    def replaced_meanwhile(store: _OpenStore, path: str) -> None:
        make_folder(store, path)
        drop(folder, NIGHT, b"not taken yet")

    monkeypatch.setattr(_OpenStore, "make_folder", replaced_meanwhile)
    drops.archive(listed)
    assert content(folder, NIGHT) == b"not taken yet"


def test_a_report_replaces_the_one_before_it(folder: str) -> None:
    drops = source(folder, report_folder="reports")
    drops.put_report("today.csv", b"first")
    drops.put_report("today.csv", b"second")
    assert content(folder, "reports/today.csv") == b"second"


def test_what_came_whole_before_the_line_broke_is_not_fetched_again(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, "bins_20251103.csv", b"one")
    drop(folder, NIGHT, b"two")
    copy = _OpenStore.copy
    asked: list[str] = []

    def cut_once(self: _OpenStore, path: str, size: int, target: BinaryIO) -> None:
        asked.append(path)
        if asked.count(NIGHT) == 1 and path == NIGHT:
            raise TransportError("here", expected="an answer in time", found="none", action="It is tried again.")
        copy(self, path, size, target)

    monkeypatch.setattr(_OpenStore, "copy", cut_once)
    monkeypatch.setattr("local_digital.sources.files._PAUSE_SECONDS", 0)
    drops = source(folder)
    with Spool(tmp_path / "spool") as spool:
        found = [path.read_bytes() for _, path in drops.fetch(drops.list_files(), spool)]
    assert (found, asked) == ([b"one", b"two"], ["bins_20251103.csv", NIGHT, NIGHT])


def test_file_that_another_process_fetches_is_left_to_it(folder: str, tmp_path: Path) -> None:
    drop(folder, NIGHT, b"rows")
    drops = source(folder)
    (file,) = drops.list_files()
    with Spool(tmp_path / "spool") as other, Spool(tmp_path / "spool") as spool:
        assert other.partial(other.path(drops.origin, file.name, file.size, file.modified))
        assert drops.fetch([file], spool) == []
    with Spool(tmp_path / "spool") as spool:
        assert [path.read_bytes() for _, path in drops.fetch([file], spool)] == [b"rows"]


def test_folder_that_goes_while_it_is_listed_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(str(tmp_path), f"north/{NIGHT}")
    drop(str(tmp_path), f"south/{NIGHT}")
    entries = _OpenStore.entries

    def goes(self: _OpenStore, folder: str) -> Any:
        if folder == "south":
            shutil.rmtree(tmp_path / "south")
        return entries(self, folder)

    monkeypatch.setattr(_OpenStore, "entries", goes)
    assert names(source(tmp_path)) == [f"north/{NIGHT}"]


def test_copy_that_takes_longer_than_the_feed_allows_is_given_up_and_goes_on_the_next_time(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, NIGHT, b"many rows")
    drops = source(folder, timeout_seconds=1)
    listed = drops.list_files()
    monkeypatch.setattr("local_digital.sources.folder._BLOCK", 1)
    monkeypatch.setattr("local_digital.sources.files._PAUSE_SECONDS", 0)
    with monkeypatch.context() as slow:
        clock = itertools.count(step=10)
        slow.setattr("local_digital.sources.folder.time.monotonic", lambda: next(clock))
        with Spool(tmp_path / "spool") as spool, pytest.raises(TransportError, match="in time; found TimeoutError"):
            drops.fetch(listed, spool)
    with Spool(tmp_path / "spool") as spool:
        partial = spool.partial(spool.path(drops.origin, NIGHT, listed[0].size, listed[0].modified))
        assert partial
        assert partial.tell() > 1
        assert [path.read_bytes() for _, path in drops.fetch(listed, spool)] == [b"many rows"]


@pytest.mark.parametrize("time_of", ["2025-11-04T05:00:00+00:00", "2025-11-04T05:00:00.25Z"])
def test_store_may_say_in_words_when_a_file_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, time_of: str
) -> None:
    told = TimesInWords(time_of)
    monkeypatch.setattr("local_digital.sources.folder.fsspec.core.url_to_fs", lambda *_, **__: (told, str(tmp_path)))
    drop_in = tmp_path / NIGHT
    drop_in.write_bytes(b"rows")
    (file,) = source("words://here").list_files()
    assert file.modified == 1762232400


def test_store_that_does_not_say_when_a_file_was_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = TimesInWords(None)
    monkeypatch.setattr("local_digital.sources.folder.fsspec.core.url_to_fs", lambda *_, **__: (silent, str(tmp_path)))
    (tmp_path / NIGHT).write_bytes(b"rows")
    with pytest.raises(ConfigurationError, match="a store that says when a file was last written"):
        names(source("words://here"))


class TimesInWords(fsspec.AbstractFileSystem):
    """A store that tells times as texts, or not at all; its files are those of a folder."""

    cachable = False

    def __init__(self, time_of: str | None) -> None:
        super().__init__()
        self._time = time_of

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        listed = fsspec.filesystem("file").ls(path, detail=True)
        found = [{"name": one["name"], "type": one["type"], "size": one["size"]} for one in listed]
        return [{**one, "LastModified": self._time} for one in found] if detail else [one["name"] for one in found]


def test_missing_folder_is_refused(folder: str) -> None:
    with pytest.raises(RefusedError, match="no such folder"):
        names(source(f"{folder}/wrong"))


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", NIGHT)
    inside = put(tmp_path / "drop", "note.txt").parent
    (inside / NIGHT).symlink_to(outside)
    (inside / "folder").symlink_to(outside.parent)
    assert names(source(inside)) == []


def test_a_file_replaced_by_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    secret = put(tmp_path / "outside", "secret")
    dropped = put(tmp_path / "drop", NIGHT)
    drops = source(dropped.parent)
    listed = drops.list_files()
    dropped.unlink()
    dropped.symlink_to(secret)
    with Spool(tmp_path / "spool") as spool, pytest.raises(RefusedError, match="a link that leads out"):
        drops.fetch(listed, spool)


def test_archive_that_is_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    dropped = put(tmp_path / "drop", NIGHT)
    (tmp_path / "outside").mkdir()
    (tmp_path / "drop" / "taken").symlink_to(tmp_path / "outside")
    drops = source(dropped.parent, archive="taken")
    with pytest.raises(RefusedError, match="a link that leads out"):
        drops.archive(drops.list_files())
    assert dropped.exists()


def test_a_path_is_relative_to_the_project() -> None:
    assert names(source("include/councils", files="solihull.y*")) == ["solihull.yaml"]


def test_a_store_that_nobody_knows_is_named() -> None:
    with pytest.raises(ConfigurationError, match="fsspec package"):
        names(source("nothing://drop"))


def test_options_of_the_store_come_from_the_connection(tmp_path: Path) -> None:
    put(tmp_path, f"drop/{NIGHT}")
    facts = Folder.model_validate({"kind": "folder", "folder": "dir://drop", "files": "*.csv"})
    options = {"path": str(tmp_path), "target_protocol": "file"}
    assert names(FolderSource(facts, Connection("store", extra=options))) == [NIGHT]
