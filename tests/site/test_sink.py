"""Readers see the old site or the new one, whatever happens to the build; what did not change is left alone."""

from __future__ import annotations

import ftplib
import json
import multiprocessing
import os
import shutil
import signal
import socket
import stat
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import fsspec
import pytest

from local_digital.errors import ConfigurationError, TransportError
from local_digital.site.file import File, Part
from local_digital.site.sink import INDEX, Folder, Index, Store, sink

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OLD = {"index.html": "old", "data/a.csv": "a", "data/b.csv": "old b", "charts/1.svg": "1", "gone/page.html": "gone"}
NEW = {"index.html": "new", "data/a.csv": "a", "data/b.csv": "new b", "charts/2.svg": "2", "more/page.html": "more"}
MADE_FROM = {"figures": "of the test"}


class StoppedError(BaseException):
    """As good as a kill: nothing of the sink catches it."""


def files(site: Mapping[str, str], fails_at: str | None = None, how: Any = None) -> Iterator[File]:
    for path, content in site.items():
        make = how if path == fails_at else content.encode
        yield File(path, make, named_by_content=path.startswith("charts/"))


def stop() -> NoReturn:
    raise StoppedError


def seen(place: Path) -> dict[str, str]:
    """What readers of a folder see."""
    return {
        str(path.relative_to(place)): path.read_text("utf-8")
        for path in place.rglob("*") if path.is_file() and path.name != INDEX
    }  # fmt: skip


def stored() -> dict[str, str]:
    """What readers of the store see."""
    memory = fsspec.filesystem("memory")
    found = memory.find("/bucket/site")
    return {
        path.removeprefix("/bucket/site/"): memory.cat_file(path).decode()
        for path in found if not path.endswith(INDEX)
    }  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "public" / "site"


@pytest.fixture
def folder(place: Path) -> Folder:
    """A folder with the old site."""
    found = Folder(place)
    found.write(files(OLD), MADE_FROM)
    return found


@pytest.fixture
def store() -> Iterator[Store]:
    """An object store with the old site."""
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    found = sink("memory://bucket/site")
    assert isinstance(found, Store)
    found.write(files(OLD), MADE_FROM)
    yield found
    memory.store.clear()


def versions(place: Path) -> list[str]:
    return sorted(path.name for path in (place.parent / f".{place.name}.versions").iterdir() if path.is_dir())


# A folder


def test_a_folder_shows_the_new_site_and_keeps_the_one_before(folder: Folder, place: Path) -> None:
    written = folder.write(files(NEW), MADE_FROM)
    assert seen(place) == NEW
    assert (written.files, written.written, written.removed) == (5, 4, 2)
    assert versions(place) == ["000001", "000002"]
    folder.write(files(OLD), MADE_FROM)
    assert seen(place) == OLD
    assert versions(place) == ["000002", "000003"]


def test_what_did_not_change_keeps_its_time(folder: Folder, place: Path) -> None:
    before = {path: (place / path).stat().st_mtime_ns for path in OLD}
    folder.write(files(NEW), MADE_FROM)
    assert (place / "data/a.csv").stat().st_mtime_ns == before["data/a.csv"]
    written = folder.write(files(NEW), MADE_FROM)
    assert (written.written, written.removed) == (0, 0)


def test_a_file_named_by_its_content_is_not_made_again(folder: Folder, place: Path) -> None:
    folder.write(files(OLD, "charts/1.svg", stop), MADE_FROM)
    assert seen(place) == OLD


def test_a_damaged_file_is_mended_by_the_next_build(folder: Folder, place: Path) -> None:
    (place / "data/a.csv").write_text("x", "utf-8")
    (place / "charts/1.svg").write_text("half of it", "utf-8")
    folder.write(files(OLD), MADE_FROM)
    assert seen(place) == OLD


def test_a_folder_without_hard_links_gets_copies_with_their_time(
    folder: Folder, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError

    before = (place / "data/a.csv").stat().st_mtime_ns
    monkeypatch.setattr(os, "link", refuse)
    folder.write(files(NEW), MADE_FROM)
    assert (place / "data/a.csv").stat().st_mtime_ns == before
    assert seen(place) == NEW


@pytest.mark.parametrize("path", [path for path in NEW if path != "charts/1.svg"])
def test_a_build_that_stops_at_any_file_leaves_the_old_site(folder: Folder, place: Path, path: str) -> None:
    with pytest.raises(StoppedError):
        folder.write(files(NEW, path, stop), MADE_FROM)
    assert seen(place) == OLD
    folder.write(files(NEW), MADE_FROM)
    assert seen(place) == NEW
    assert len(versions(place)) == 2


@pytest.mark.parametrize(
    ("step", "shows"), [((Path, "symlink_to"), OLD), ((Path, "replace"), OLD), ((shutil, "rmtree"), NEW)]
)
def test_a_build_that_stops_at_any_step_of_the_swap_leaves_a_whole_site(
    folder: Folder, place: Path, step: tuple[Any, str], shows: dict[str, str]
) -> None:
    folder.write(files(OLD), MADE_FROM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(*step, lambda *_, **__: stop())
        with pytest.raises(StoppedError):
            folder.write(files(NEW), MADE_FROM)
    assert seen(place) == shows
    folder.write(files(NEW), MADE_FROM)
    assert seen(place) == NEW
    assert len(versions(place)) == 2
    assert sorted(path.name for path in place.parent.iterdir()) == [".site.versions", "site"]


@pytest.mark.parametrize("path", ["data/a.csv", "index.html"])
def test_a_killed_build_leaves_the_old_site_and_holds_nobody_off(folder: Folder, place: Path, path: str) -> None:
    child = multiprocessing.get_context("fork").Process(
        target=lambda: folder.write(files(NEW, path, lambda: os.kill(os.getpid(), signal.SIGKILL)), MADE_FROM)
    )
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert seen(place) == OLD
    folder.write(files(NEW), MADE_FROM)
    assert seen(place) == NEW
    assert len(versions(place)) == 2


def test_readers_and_builders_at_once_see_whole_sites_only(place: Path) -> None:
    sites = [{"a.txt": str(number), "deep/b.txt": str(number)} for number in range(4)]
    Folder(place).write(files(sites[0]), MADE_FROM)
    done = threading.Event()
    mixed: list[tuple[str, str]] = []

    def look() -> None:
        while not done.is_set():
            version = place.resolve()
            try:
                found = ((version / "a.txt").read_text("utf-8"), (version / "deep/b.txt").read_text("utf-8"))
            except FileNotFoundError:
                # Two builds later a version is gone; the next look finds a newer one.
                continue
            if found[0] != found[1]:
                mixed.append(found)

    def build(site: dict[str, str]) -> None:
        for _ in range(5):
            Folder(place).write(files(site), MADE_FROM)

    reader = threading.Thread(target=look)
    reader.start()
    builders = [threading.Thread(target=build, args=(site,)) for site in sites]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    done.set()
    reader.join()
    assert mixed == []
    assert seen(place) in sites
    assert len(versions(place)) == 2


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "thesis.txt").write_text("years of work", "utf-8")
    pointing = tmp_path / "pointing"
    pointing.symlink_to(theirs)
    for place in (theirs, pointing, theirs / "thesis.txt"):
        for what in (Folder(place).index, partial(Folder(place).write, files(NEW), MADE_FROM)):
            with pytest.raises(ConfigurationError, match="empty"):
                what()
    assert seen(theirs) == {"thesis.txt": "years of work"}
    assert pointing.readlink() == theirs


def test_an_empty_folder_that_was_made_beforehand_will_do(place: Path) -> None:
    place.mkdir(parents=True)
    assert Folder(place).index() is None
    Folder(place).write(files(NEW), MADE_FROM)
    assert seen(place) == NEW


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("where", ["site/data", "site/more/site", ".site.versions/000001/site", ".site.versions/other"])
def test_a_place_inside_of_a_site_is_refused(place: Path, where: str) -> None:
    inside = Folder(place.parent / where)
    for what in (inside.index, partial(inside.write, files(NEW), MADE_FROM)):
        with pytest.raises(ConfigurationError, match="place of its own"):
            what()
    assert seen(place) == OLD
    assert [path for path in place.parent.rglob("*.versions") if path != place.parent / ".site.versions"] == []


def test_what_others_keep_beside_the_versions_stays(folder: Folder, place: Path) -> None:
    beside = place.parent / ".site.versions"
    shutil.copytree(beside / "000001", beside / "20260101")
    (beside / "7").mkdir()
    (beside / "7" / "thesis.txt").write_text("years of work", "utf-8")
    for _ in range(3):
        folder.write(files(NEW), MADE_FROM)
    assert (beside / "7" / "thesis.txt").read_text("utf-8") == "years of work"
    assert seen(beside / "20260101") == OLD
    assert seen(place) == NEW
    assert len(versions(place)) == 4


@pytest.mark.parametrize("kind", ["folder", "file", "link", "broken link"])
@pytest.mark.parametrize("name", ["000002", "link", "lock"])
def test_what_has_a_name_that_a_build_needs_holds_no_build_up(
    folder: Folder, place: Path, tmp_path: Path, kind: str, name: str
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "thesis.txt").write_text("years of work", "utf-8")
    found = place.parent / ".site.versions" / name
    found.unlink(missing_ok=True)
    match kind:
        case "folder":
            shutil.copytree(theirs, found)
        case "file":
            found.write_text("years of work", "utf-8")
        case "link":
            found.symlink_to(theirs)
        case "broken link":
            found.symlink_to(tmp_path / "nothing")
    for site in (NEW, OLD, NEW):
        folder.write(files(site), MADE_FROM)
        assert seen(place) == site
    assert (theirs / "thesis.txt").read_text("utf-8") == "years of work"
    assert not (tmp_path / "nothing").exists()
    assert (kind, name) in {("link", "link"), ("broken link", "link")} or os.path.lexists(found)


@pytest.mark.usefixtures("private")
def test_a_web_server_can_read_what_a_careful_user_builds(place: Path) -> None:
    for site in (OLD, NEW):
        Folder(place).write(files(site), MADE_FROM)
        above = [place.parent, place.parent / ".site.versions", place.resolve()]
        for path in (*above, *place.resolve().rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


@pytest.fixture
def private() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_files_of_a_build_that_nobody_else_could_read_are_opened_by_the_next(folder: Folder, place: Path) -> None:
    (place / "data/a.csv").chmod(0o600)
    folder.write(files(NEW), MADE_FROM)
    assert stat.S_IMODE((place / "data/a.csv").stat().st_mode) == 0o644


def test_two_files_of_one_path_are_told_in_words(folder: Folder, store: Store, place: Path) -> None:
    for one in (folder, store):
        with pytest.raises(ConfigurationError, match=r"data/a\.csv.*Rename"):
            one.write([*files(NEW), File("data/a.csv", b"other".strip)], MADE_FROM)
    assert (seen(place), stored()) == (OLD, OLD)


def test_two_files_of_one_path_in_a_part_are_told_in_words(folder: Folder, store: Store, place: Path) -> None:
    twice = Part("page", "1", lambda: [File("data/a.csv", b"one".strip), File("data/a.csv", b"other".strip)])
    for one in (folder, store):
        with pytest.raises(ConfigurationError, match=r"data/a\.csv: expected one file of this path; found two"):
            one.write([twice], MADE_FROM)
    assert seen(place) == OLD


def test_part_is_made_again_only_where_one_of_its_files_is_not_as_it_was_left(
    folder: Folder, store: Store, place: Path
) -> None:
    made: list[str] = []

    def make(site: Mapping[str, str]) -> list[File]:
        made.append("part")
        return list(files(site))

    part = Part("page", "1", partial(make, NEW))
    memory = fsspec.filesystem("memory")
    damages = {
        folder: [(place / "more/page.html").unlink, lambda: (place / "data/b.csv").write_text("another", "utf-8")],
        store: [
            lambda: memory.rm_file("/bucket/site/more/page.html"),
            lambda: memory.pipe_file("/bucket/site/data/b.csv", b"another"),
        ],
    }
    for one, shown in ((folder, partial(seen, place)), (store, stored)):
        one.write([part], MADE_FROM)
        for damage in damages[one]:
            made.clear()
            one.write([part], MADE_FROM)
            assert made == []
            damage()
            one.write([part], MADE_FROM)
            assert (made, shown()) == (["part"], NEW)


def test_what_is_left_of_a_version_that_is_gone_is_swept_away(folder: Folder, place: Path) -> None:
    mark = place.parent / f".{place.name}.versions" / "000009.version"
    mark.touch()
    folder.write(files(NEW), MADE_FROM)
    assert not mark.exists()
    assert seen(place) == NEW


@pytest.mark.parametrize("index", ["{", "[]", '{"made_from": {}, "files": {"a": 1}}', "\xff"])
def test_site_whose_index_cannot_be_read_is_unfinished_and_made_again(
    folder: Folder, store: Store, place: Path, index: str
) -> None:
    (place / INDEX).write_bytes(index.encode("latin-1"))
    fsspec.filesystem("memory").pipe_file(f"/bucket/site/{INDEX}", index.encode("latin-1"))
    for one in (folder, store):
        assert one.index() == Index()
        one.write(files(NEW), MADE_FROM)
    assert (seen(place), stored()) == (NEW, NEW)


def test_content_that_cannot_be_made_is_no_fault_of_the_place_that_it_goes_to(
    folder: Folder, store: Store, place: Path
) -> None:
    def gone() -> NoReturn:
        raise FileNotFoundError

    for one in (folder, store):
        with pytest.raises(RuntimeError, match=r"data/b\.csv cannot be made"):
            one.write(files(NEW, "data/b.csv", gone), MADE_FROM)
    assert seen(place) == OLD


@pytest.mark.usefixtures("folder")
def test_the_folder_above_can_be_moved(place: Path, tmp_path: Path) -> None:
    place.parent.rename(tmp_path / "elsewhere")
    moved = tmp_path / "elsewhere" / "site"
    assert seen(moved) == OLD
    Folder(moved).write(files(NEW), MADE_FROM)
    assert seen(moved) == NEW


def test_a_url_of_a_local_folder_is_a_folder(place: Path) -> None:
    found = sink(place.as_uri())
    assert isinstance(found, Folder)
    found.write(files(NEW), MADE_FROM)
    assert place.is_symlink()
    assert seen(place) == NEW


def test_a_disk_that_does_not_take_the_files_is_a_fault_worth_another_try(folder: Folder, place: Path) -> None:
    clash = {**NEW, "data": "a file where a folder must be"}
    with pytest.raises(TransportError, match="take the site's files"):
        folder.write(files(clash), MADE_FROM)
    assert seen(place) == OLD


@pytest.mark.parametrize("path", ["../out.txt", "/etc/passwd", "a/../b", "a//b", "./a", INDEX])
def test_no_file_goes_outside_of_the_site(folder: Folder, store: Store, place: Path, path: str) -> None:
    for one in (folder, store):
        with pytest.raises(ValueError, match="no file of the site"):
            one.write(files({**NEW, path: "x"}), MADE_FROM)
    assert (seen(place), stored()) == (OLD, OLD)


def test_the_index_tells_size_and_digest_of_every_file(folder: Folder, place: Path) -> None:
    told = json.loads((place / INDEX).read_bytes())
    assert told["made_from"] == MADE_FROM
    assert {path: entry["bytes"] for path, entry in told["files"].items()} == {
        path: len(content) for path, content in OLD.items()
    }
    index = folder.index()
    assert index is not None
    assert index.made_from == MADE_FROM


# An object store


def test_a_store_holds_the_new_site_and_nothing_that_is_gone(store: Store) -> None:
    written = store.write(files(NEW), MADE_FROM)
    assert stored() == NEW
    assert (written.written, written.removed) == (4, 2)
    assert store.where == "memory://bucket/site"


def test_only_what_changed_is_written_and_pages_come_last(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    puts = noted(monkeypatch)
    store.write(files(NEW), MADE_FROM)
    assert puts == [INDEX, "charts/2.svg", "data/b.csv", "more/page.html", "index.html", INDEX]
    puts.clear()
    store.write(files(NEW, "charts/2.svg", stop), MADE_FROM)
    assert puts == [INDEX]


def noted(monkeypatch: pytest.MonkeyPatch, stop_at: int | None = None) -> list[str]:
    """Note the paths that are written to memory; stop before the one of this number."""
    memory = fsspec.filesystem("memory")
    put = memory.pipe_file
    puts: list[str] = []

    def note(path: str, content: bytes, **facts: Any) -> None:
        if len(puts) == stop_at:
            stop()
        puts.append(path.removeprefix("/bucket/site/"))
        put(path, content, **facts)

    monkeypatch.setattr(memory, "pipe_file", note)
    return puts


@pytest.mark.parametrize("stop_at", range(6))
@pytest.mark.parametrize("then", [OLD, NEW])
def test_a_store_comes_out_right_wherever_the_last_build_stopped(
    store: Store, stop_at: int, then: dict[str, str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        noted(patch, stop_at)
        with pytest.raises(StoppedError):
            store.write(files(NEW), MADE_FROM)
    index = store.index()
    assert index is not None
    assert stop_at == 0 or index.made_from is None
    store.write(files(then), MADE_FROM)
    assert stored() == then


def test_a_first_build_that_stopped_is_taken_up_again(store: Store) -> None:
    fsspec.filesystem("memory").store.clear()
    with pytest.raises(StoppedError):
        store.write(files(NEW, "index.html", stop), MADE_FROM)
    assert "index.html" not in stored()
    store.write(files(NEW), MADE_FROM)
    assert stored() == NEW


def test_a_store_with_files_of_somebody_else_is_left_alone(store: Store) -> None:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pipe_file("/bucket/site/thesis.txt", b"years of work")
    with pytest.raises(ConfigurationError, match="empty"):
        store.write(files(NEW), MADE_FROM)
    assert stored() == {"thesis.txt": "years of work"}


def test_a_whole_store_will_do_too() -> None:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    for address in ("memory://", "memory:///"):
        for site in (OLD, NEW, OLD):
            place = sink(address)
            place.write(files(site), MADE_FROM)
            assert place.write(files(site), MADE_FROM).written == 0
            found = place.index()
            assert found is not None
            assert found.files.keys() == site.keys()
            assert {path.lstrip("/") for path in memory.find("")} == {*site, INDEX}
    memory.store.clear()


@pytest.mark.parametrize(
    "address", ["nope://x", "gs://b/p", "zip://", "zip://a::b.zip", "dir://", "github://a", "reference://", "tar://x"]
)
def test_an_address_that_is_no_place_is_refused_in_words(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whether somebody has the package or not.
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(ConfigurationError) as refused:
        sink(address)
    assert refused.value.where.startswith("LOCAL_DIGITAL_SITE")
    assert address.partition("://")[0] in str(refused.value)


def test_an_archive_is_no_place_for_a_site(tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "some"), "zip", tmp_path)
    with pytest.raises(ConfigurationError, match="archive"):
        sink(f"zip://::{tmp_path}/some.zip")


@pytest.mark.parametrize("kind", ["ftp", "sftp"])
def test_a_server_that_does_not_answer_is_worth_another_try(kind: str) -> None:
    with socket.socket() as taken:
        # Bound and not listened on: nobody else answers there.
        taken.bind(("127.0.0.1", 0))
        address = f"{kind}://somebody:secret@127.0.0.1:{taken.getsockname()[1]}/site"
        with pytest.raises(TransportError, match="answer") as refused:
            sink(address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (ftplib.error_perm("550 secret"), ConfigurationError),  # noqa: S321 - no server is asked
        (NotImplementedError(), ConfigurationError),
        (ftplib.error_temp("421 secret"), TransportError),  # noqa: S321 - no server is asked
        (EOFError(), TransportError),
        (PermissionError(13, "secret"), TransportError),
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", ["exists", "find", "cat_file", "pipe_file", "rm_file"])
def test_a_store_that_refuses_is_told_in_words(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str, fault: Exception, told: type[Exception]
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise fault

    monkeypatch.setattr(fsspec.filesystem("memory"), step, refuse)
    with pytest.raises(told, match="LOCAL_DIGITAL_SITE") as refused:
        store.write(files(NEW), MADE_FROM)
    assert "secret" not in str(refused.value)


def test_an_address_of_an_unknown_kind_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigurationError) as refused:
        sink("nonsense://somebody:secret@example.org/site")
    assert "secret" not in str(refused.value)
