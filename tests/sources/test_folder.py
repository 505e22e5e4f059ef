"""A drop folder, on this machine's disk and in another kind of store: the same promises as on a server."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any

import fsspec
import pytest

from local_digital.config.sources import MIB, Folder
from local_digital.errors import ConfigurationError, DataError, RefusedError
from local_digital.settings import Connection
from local_digital.sources.folder import FolderSource
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


def test_a_report_replaces_the_one_before_it(folder: str) -> None:
    drops = source(folder, report_folder="reports")
    drops.put_report("today.csv", b"first")
    drops.put_report("today.csv", b"second")
    assert content(folder, "reports/today.csv") == b"second"


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


def test_a_login_in_the_url_is_never_shown() -> None:
    assert "secret" not in source("nothing://council:secret@host/drop").where


def test_options_of_the_store_come_from_the_connection(tmp_path: Path) -> None:
    put(tmp_path, f"drop/{NIGHT}")
    facts = Folder.model_validate({"kind": "folder", "folder": "dir://drop", "files": "*.csv"})
    options = {"path": str(tmp_path), "target_protocol": "file"}
    assert names(FolderSource(facts, Connection("store", extra=options))) == [NIGHT]
