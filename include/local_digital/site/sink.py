"""Where the site goes: a folder that changes as a whole, or an object store that changes file by file, pages last.

Both hold `site.json`: what the site and each of its parts was made from, and size and SHA-256 of every file. It says
which files are known to be there as they should be, and that the place is ours. Neither touches what it did not write.
"""

from __future__ import annotations

import contextlib
import fcntl
import ftplib
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import fsspec
from fsspec.archive import AbstractArchiveFileSystem
from fsspec.implementations.local import LocalFileSystem

from local_digital.errors import ConfigurationError, TransportError
from local_digital.object_stores import open_store, passing_faults
from local_digital.site.file import File, Part, media_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

INDEX = "site.json"
# Beside each of our versions, so that nothing else in there is ever removed.
_MARK = ".version"
# A web server runs as somebody else than the build, whatever that one's umask.
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644
# What is over by the next try: no answer, a broken connection, a server that is busy.
_PASSING = (OSError, EOFError, ftplib.error_temp, ftplib.error_proto)  # noqa: S321 - an ftp:// place raises them
# OSErrors of an address that names no place; servers do not raise them while they are connected to.
_NO_PLACE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
# How the object stores that can be told so call the argument.
_MEDIA_TYPE_ARGUMENTS = {"s3": "ContentType", "s3a": "ContentType", "gs": "content_type", "gcs": "content_type"}


@dataclass(frozen=True)
class Entry:
    """What a file of the site is like."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class KnownPart:
    """A part of the site that is there. files: their paths. version, note: as in `Part`."""

    version: str
    files: list[str]
    note: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Index:
    """made_from: digests of what the site was made from, by kind; None while it is being written. files: by path.

    parts: by key; none while it is being written.
    """

    made_from: dict[str, str] | None = None
    files: dict[str, Entry] = field(default_factory=dict)
    parts: dict[str, KnownPart] = field(default_factory=dict)

    def content(self) -> bytes:
        told = {
            "made_from": self.made_from,
            "files": {path: {"bytes": one.bytes, "sha256": one.sha256} for path, one in self.files.items()},
            "parts": {key: {"version": one.version, "files": one.files, "note": one.note}
                      for key, one in self.parts.items()},
        }  # fmt: skip
        return (json.dumps(told, sort_keys=True) + "\n").encode()


@dataclass
class Written:
    """What a build did. files, bytes: all that the site holds. written: new and changed ones. made: whose content was
    made at all. removed: those that are gone."""

    files: int = 0
    bytes: int = 0
    written: int = 0
    made: int = 0
    removed: int = 0


def sink(target: str) -> Folder | Store:
    """Return the sink for a folder or an fsspec URL.

    Raises ConfigurationError where nothing serves such a URL, TransportError where a server does not answer.
    """
    kind = f"{fsspec.utils.get_protocol(target)}://"
    try:
        files, root = open_store(target)
    except ImportError as error:
        raise ConfigurationError(
            "LOCAL_DIGITAL_SITE", expected=f"the package that writes to {kind}", found="it is not installed",
            action="Install it (s3fs for s3://, gcsfs for gs://), or name a place of another kind.",
        ) from error  # fmt: skip
    except Exception as error:
        # Every kind of place has errors of its own; their words may hold the address with its password.
        if isinstance(error, _PASSING) and not isinstance(error, _NO_PLACE):
            raise TransportError(
                f"LOCAL_DIGITAL_SITE, {kind}", expected="its server to answer", found=_fault(error),
                action="Check the address and the network, then run again.",
            ) from error  # fmt: skip
        raise _no_place(kind, type(error).__name__) from error
    if isinstance(files, AbstractArchiveFileSystem):
        raise _no_place(kind, "an archive")
    return Folder(Path(root)) if isinstance(files, LocalFileSystem) else Store(files, root)


def is_local(target: str) -> bool:
    """Say whether a site goes to a folder of this machine; nothing is connected to."""
    return fsspec.utils.get_protocol(target) in {"file", "local"}


def _no_place(kind: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        "LOCAL_DIGITAL_SITE", expected="a folder, or a whole URL of a kind that fsspec can write to",
        found=f"{kind} ({found})",
        action="Check the spelling and that nothing is left out, such as s3://bucket/prefix; archives will not do.",
    )  # fmt: skip


class Folder:
    """A local folder that readers see as it was or as it is now. The folder is a symbolic link.

    The versions are whole folders beside it, in `.NAME.versions/`: the one that is shown and the one before. A version
    is made in full, files that did not change as hard links (they keep their time), and the link moved in one step.
    Whatever a killed build left there, the next one removes; each version has a file `NUMBER.version` beside it, and
    what has none is somebody else's. A lock in there keeps two builders apart. Everybody may read what is written.
    """

    def __init__(self, place: Path) -> None:
        self.where = str(place)
        self.place = Path(os.path.abspath(place))  # noqa: PTH100 - resolve() would follow the link
        self._versions = self.place.parent / f".{self.place.name}.versions"

    def index(self) -> Index | None:
        """Return what is there, None for nothing. Raises ConfigurationError for a folder that is not ours."""
        with _faults_told(self.where):
            current = self._current()
            return _read_index((current / INDEX).read_bytes) if current else None

    def read(self, path: str, begin: int, end: int) -> bytes:
        """Return bytes of a file that is shown; fewer where it has not so many. Raises as `index`."""
        with _faults_told(self.where), (self.place / path).open("rb") as file:
            file.seek(begin)
            return file.read(end - begin)

    def write(self, files: Iterable[File | Part], made_from: Mapping[str, str], *, anew: bool = False) -> Written:
        """Show these files and no others. anew: make every part, whatever is known of it.

        Raises as `index`, and TransportError where the disk does not take them.
        """
        with _faults_told(self.where), self._alone():
            current = self._current()
            if current:
                self._mark(current)
            self._sweep({current, self._before(current)})
            new = self._begun()
            written = self._make(files, new, current, made_from, anew=anew)
            self._show(new)
            self._sweep({new, current})
        return written

    def _make(
        self, files: Iterable[File | Part], new: Path, old: Path | None, made_from: Mapping[str, str], *, anew: bool
    ) -> Written:  # fmt: skip
        before = _read_index((old / INDEX).read_bytes) if old else Index()
        there = _Version(new, old, before.files)
        parts: dict[str, KnownPart] = {}
        for one in in_order(files):
            if isinstance(one, File):
                there.add(one)
                continue
            known = None if anew else before.parts.get(one.key)
            if known and known.version == one.version and there.keep(known.files):
                parts[one.key] = known
                continue
            paths = []
            for file in one.make():
                there.add(file)
                paths.append(file.path)
            parts[one.key] = KnownPart(one.version, paths, one.note)
        (new / INDEX).write_bytes(Index(dict(made_from), there.entries, parts).content())
        _open_to_all(new / INDEX, _FILE_MODE)
        return _counted(there.done, there.entries, before.files)

    def _show(self, version: Path) -> None:
        if self.place.is_dir() and not self.place.is_symlink():
            # An empty one, as somebody made it beforehand.
            self.place.rmdir()
        link = _free(self._versions, "link", ours=Path.is_symlink)
        link.unlink(missing_ok=True)
        # Relative, so that the folder above can be moved or mounted elsewhere.
        link.symlink_to(version.relative_to(self.place.parent), target_is_directory=True)
        link.replace(self.place)

    def _current(self) -> Path | None:
        """Return the version that is shown."""
        above = self.place.parent.resolve()
        if any(one.name.startswith(".") and one.name.endswith(".versions") for one in (above, *above.parents)):
            raise ConfigurationError(
                f"LOCAL_DIGITAL_SITE, {self.where}", expected="a place of its own",
                found="a place inside of a site, which its next build removes", action="Name a place beside it.",
            )  # fmt: skip
        if self.place.is_symlink():
            version = self.place.parent / self.place.readlink()
            if version.parent == self._versions:
                return version if version.is_dir() else None
        elif not self.place.exists() or (self.place.is_dir() and not any(self.place.iterdir())):
            return None
        raise _not_ours(self.where)

    def _before(self, version: Path | None) -> Path | None:
        older = [one for one in self._all() if version and _number(one) < _number(version) and one.is_dir()]
        return max(older, key=_number, default=None)

    def _all(self) -> list[Path]:
        """Return all versions that we have begun; some may not be there."""
        marks = self._versions.glob(f"*{_MARK}")
        return [mark.with_suffix("") for mark in marks if _number(mark.with_suffix("")) > 0]

    def _begun(self) -> Path:
        """Return a new version, empty. Whatever has the next name already keeps it."""
        number = max([0, *map(_number, self._all())]) + 1
        while True:
            version = self._versions / f"{number:06d}"
            with contextlib.suppress(FileExistsError):
                version.mkdir()
                self._mark(version)
                _open_to_all(version, _FOLDER_MODE)
                return version
            number += 1

    def _mark(self, version: Path) -> None:
        version.with_name(version.name + _MARK).touch()

    def _sweep(self, keep: set[Path | None]) -> None:
        for path in self._all():
            if path not in keep:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                # After the folder, so that what is left of it is still known to be ours.
                path.with_name(path.name + _MARK).unlink()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self._current()
        _make_folder(self._versions)
        _open_to_all(self._versions, _FOLDER_MODE)
        lock = _free(self._versions, "lock", ours=lambda path: path.is_file() and not path.is_symlink())
        with lock.open("a") as file:
            # The system lets go of it when the process ends, however that is.
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class _Version:
    """A version of a folder that is being made. old: the one before. before: what its index tells of its files."""

    def __init__(self, new: Path, old: Path | None, before: Mapping[str, Entry]) -> None:
        self.entries: dict[str, Entry] = {}
        self.done = Written()
        self._new, self._old, self._before = new, old, before
        self._folders: set[str] = set()

    def keep(self, paths: Sequence[str]) -> bool:
        """Take files over where all of them are there as they were left; say whether that is so."""
        if not all(path in self.entries or self._is_there(path) for path in paths):
            return False
        for path in paths:
            if path not in self.entries:
                self._take_over(path, self._before[path])
        return True

    def add(self, file: File) -> None:
        """Make a file, or take it over where it has not changed."""
        _check(file.path)
        if file.path in self.entries:
            if not file.named_by_content:
                raise _twice(file.path)
            return
        if file.named_by_content and self._is_there(file.path):
            self._take_over(file.path, self._before[file.path])
            return
        content = _made(file)
        self.done.made += 1
        entry = Entry(len(content), hashlib.sha256(content).hexdigest())
        left = self._old / file.path if self._old else None
        if left and _size(left) == len(content) and left.read_bytes() == content:
            self._take_over(file.path, entry)
            return
        self._make_room(file.path)
        target = self._new / file.path
        target.write_bytes(content)
        _open_to_all(target, _FILE_MODE)
        self.entries[file.path] = entry
        self.done.written += 1

    def _is_there(self, path: str) -> bool:
        known = self._before.get(path)
        # Asked for tens of thousands of files, so without a `Path` for each.
        return bool(known and self._old and _size(f"{self._old}/{path}") == known.bytes)

    def _take_over(self, path: str, entry: Entry) -> None:
        self._make_room(path)
        _take_over(f"{self._old}/{path}", f"{self._new}/{path}")
        self.entries[path] = entry

    def _make_room(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            _make_folder(self._new / folder)
            self._folders.add(folder)


class Store:
    """An object store below one prefix, or what else fsspec writes to.

    Only changed files are written: data first, pages after them, `index.html` last, then what is gone is removed and
    `site.json` written. Pages that are made before their turn wait in a temporary folder. While that is under way
    `site.json` says so, and a build that finds it so looks at the stored files themselves. Who reads meanwhile may see
    new data from an old page. One builder at a time is the caller's duty.
    """

    def __init__(self, files: fsspec.AbstractFileSystem, root: str) -> None:
        self._files = files
        self._root = root.rstrip("/")
        protocol = files.protocol if isinstance(files.protocol, str) else files.protocol[0]
        self.where = f"{protocol}://{self._root.lstrip('/')}"
        self._argument = _MEDIA_TYPE_ARGUMENTS.get(protocol)
        self._passing: tuple[type[Exception], ...] = (*_PASSING, *passing_faults(files))

    def index(self) -> Index | None:
        """Return what is there, None for nothing.

        Raises ConfigurationError for files that are not ours and for a place that does not take files at all,
        TransportError where it does not answer.
        """
        with _answers_told(self.where, self._passing):
            self._files.invalidate_cache()
            if self._files.exists(self._at(INDEX)):
                return _read_index(lambda: self.whole(INDEX))
        if self._present():
            raise _not_ours(self.where)
        return None

    def read(self, path: str, begin: int, end: int) -> bytes:
        """Return bytes of a file that is there; fewer where it has not so many. Raises as `index`."""
        with _answers_told(self.where, self._passing):
            return bytes(self._files.cat_file(self._at(path), start=begin, end=end))

    def write(self, files: Iterable[File | Part], made_from: Mapping[str, str], *, anew: bool = False) -> Written:
        """Make the store hold these files and no others. anew: make every part. Raises as `index`."""
        old = self.index() or Index()
        there = _Upload(self, old, self._present())
        with tempfile.TemporaryDirectory(prefix="local-digital-site-") as folder:
            later: list[File] = []
            for one in in_order(files):
                if isinstance(one, File):
                    later.append(one)
                elif anew or not there.keep(one):
                    later += there.make(one, Path(folder))
            for file in _pages_last(later):
                there.add(file)
        there.remove_others()
        self.put(INDEX, Index(dict(made_from), there.entries, there.parts).content())
        return _counted(there.done, there.entries, old.files)

    def _present(self) -> dict[str, int]:
        """Return path and size of every file below the prefix."""
        with _answers_told(self.where, self._passing):
            # A whole store is there, whatever it says of a path without letters.
            if self._root and not self._files.exists(self._root):
                return {}
            found = self._files.find(self._root, detail=True)
        below = len(self._root) + 1
        return {path[below:]: facts["size"] for path, facts in found.items()}

    def remove(self, path: str) -> None:
        """Remove a file. Raises as `index`."""
        with _answers_told(self.where, self._passing):
            self._files.rm_file(self._at(path))

    def whole(self, path: str) -> bytes:
        """Return a file. Raises as `index`."""
        with _answers_told(self.where, self._passing):
            return bytes(self._files.cat_file(self._at(path)))

    def put(self, path: str, content: bytes) -> None:
        """Write a file. Raises as `index`."""
        with _answers_told(self.where, self._passing):
            if not self._argument:
                self._files.makedirs(self._at(path).rpartition("/")[0], exist_ok=True)
            told = {self._argument: media_type(path)} if self._argument else {}
            self._files.pipe_file(self._at(path), content, **told)

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"


class _Upload:
    """Files on their way into a store. old: its index. present: path and size of every file that is there."""

    def __init__(self, store: Store, old: Index, present: Mapping[str, int]) -> None:
        self.entries: dict[str, Entry] = {}
        self.parts: dict[str, KnownPart] = {}
        self.done = Written()
        self._store, self._old, self._present = store, old, present
        self._begun = False

    def keep(self, part: Part) -> bool:
        """Leave the files of a part where all of them are there as they were left; say whether that is so."""
        known = self._old.parts.get(part.key)
        if not known or known.version != part.version:
            return False
        files = {path: self._old.files.get(path) for path in known.files}
        if not all(entry and self._present.get(path) == entry.bytes for path, entry in files.items()):
            return False
        self.entries |= {path: entry for path, entry in files.items() if entry}
        self.parts[part.key] = known
        return True

    def make(self, part: Part, folder: Path) -> list[File]:
        """Make the files of a part; return those that come later, and wait in a folder."""
        paths: list[str] = []
        later = []
        for file in part.make():
            if file.path in paths or (file.path in self.entries and not file.named_by_content):
                raise _twice(file.path)
            _check(file.path)
            paths.append(file.path)
            if _rank(file.path):
                place = folder / hashlib.sha256(file.path.encode()).hexdigest()
                place.write_bytes(_made(file))
                later.append(File(file.path, place.read_bytes, file.named_by_content))
            else:
                self.add(file)
        self.parts[part.key] = KnownPart(part.version, paths, part.note)
        return later

    def add(self, file: File) -> None:
        """Write a file where it differs from what is there."""
        known = self._old.files.get(file.path)
        size = self._present.get(file.path)
        if file.named_by_content and known and size == known.bytes:
            self.entries[file.path] = known
            return
        content = _made(file)
        self.done.made += 1
        entry = self.entries[file.path] = Entry(len(content), hashlib.sha256(content).hexdigest())
        if size == entry.bytes:
            # Where the last build was broken off, nobody knows what is there.
            sure = known == entry if self._old.made_from else self._store.whole(file.path) == content
            if sure:
                return
        self._begin()
        self._store.put(file.path, content)
        self.done.written += 1

    def remove_others(self) -> None:
        """Remove what is no file of the site any more."""
        for path in sorted(self._present.keys() - self.entries.keys() - {INDEX}):
            self._begin()
            self._store.remove(path)

    def _begin(self) -> None:
        if not self._begun:
            self._store.put(INDEX, Index(None, self._old.files).content())
            self._begun = True


def in_order(files: Iterable[File | Part]) -> list[File | Part]:
    """Return parts as they come, then the files in the order in which they may appear: what is pointed to first.

    Raises ConfigurationError where two have one path, since names in contracts and councils' files make the paths.
    """
    given = list(files)
    parts = [one for one in given if isinstance(one, Part)]
    return [*parts, *_pages_last(one for one in given if isinstance(one, File))]


def _pages_last(files: Iterable[File]) -> list[File]:
    found = sorted(files, key=lambda file: (_rank(file.path), file.path))
    for file in found:
        _check(file.path)
    twice = sorted(path for path, count in Counter(file.path for file in found).items() if count > 1)
    if twice:
        raise _twice(twice[0])
    return found


def _check(path: str) -> None:
    parts = PurePosixPath(path).parts
    if path == INDEX or path.startswith("/") or ".." in parts or str(PurePosixPath(path)) != path:
        raise ValueError(f"no file of the site may be called {path}")


def _twice(path: str) -> ConfigurationError:
    return ConfigurationError(
        f"the site, {path}", expected="one file of this path", found="two",
        action="Rename what the path is called after: a data set, a transaction, a council or a group.",
    )  # fmt: skip


def _made(file: File) -> bytes:
    try:
        return file.make()
    except OSError as error:
        # Where the content comes from is no fault of the place that it goes to.
        raise RuntimeError(f"{file.path} cannot be made") from error


def _rank(path: str) -> int:
    if path == "index.html":
        return 3
    if path.endswith(".html"):
        return 2
    return int(path.endswith(("datapackage.json", ".jsonld")))


def _read_index(read: Any) -> Index:
    """Return what an index tells, an unfinished site where it cannot be read."""
    try:
        told = json.loads(read())
        files = {path: Entry(entry["bytes"], entry["sha256"]) for path, entry in told["files"].items()}
        parts = {key: KnownPart(**part) for key, part in told.get("parts", {}).items()}
        return Index(told["made_from"], files, parts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Index()


def _counted(done: Written, entries: dict[str, Entry], before: Mapping[str, Entry]) -> Written:
    done.files = len(entries)
    done.bytes = sum(entry.bytes for entry in entries.values())
    done.removed = len(before.keys() - entries.keys())
    return done


def _number(version: Path) -> int:
    """Return a version's number, 0 for what is none."""
    return int(version.name) if version.name.isascii() and version.name.isdecimal() else 0


def _free(folder: Path, name: str, *, ours: Callable[[Path], bool]) -> Path:
    """Return the first path of a folder, called so or with a number after it, that is ours or that nobody has."""
    found, again = folder / name, 2
    while os.path.lexists(found) and not ours(found):
        found, again = folder / f"{name}-{again}", again + 1
    return found


def _make_folder(path: Path) -> None:
    """Make a folder and those above it where they are missing, for everybody to read."""
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(exist_ok=True)
        _open_to_all(path, _FOLDER_MODE)


def _open_to_all(path: Path | str, mode: int) -> None:
    known = os.stat(path).st_mode  # noqa: PTH116 - as `_is_there` says
    if known & mode != mode:
        Path(path).chmod(known | mode)


def _size(path: Path | str) -> int | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - the same
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _take_over(left: str, target: str) -> None:
    try:
        os.link(left, target)
    except OSError:
        # Not every file system has hard links.
        shutil.copy2(left, target)
    # An earlier build may not have seen to it.
    _open_to_all(target, _FILE_MODE)


def _not_ours(place: str) -> ConfigurationError:
    return ConfigurationError(
        f"LOCAL_DIGITAL_SITE, {place}",
        expected="a place that is empty or that an earlier build of the site has written",
        found="something else",
        action="Name another place, or empty this one: a build removes what it did not make.",
    )


def _fault(error: Exception) -> str:
    """Return a fault's kind; its words may hold an address with a password."""
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number else type(error).__name__


@contextlib.contextmanager
def _faults_told(place: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransportError(
            f"LOCAL_DIGITAL_SITE, {place}", expected="it to take the site's files", found=_fault(error),
            action="Check who may write there and that there is room, then run again. What readers see is whole.",
        ) from error  # fmt: skip


@contextlib.contextmanager
def _answers_told(place: str, passing: tuple[type[Exception], ...]) -> Iterator[None]:
    """For what asks a store and nothing else: every kind of store has errors of its own."""
    try:
        with _faults_told(place):
            yield
    except TransportError:
        raise
    except passing as error:
        raise _unwilling(TransportError, place, error) from error
    except Exception as error:
        raise _unwilling(ConfigurationError, place, error) from error


def _unwilling(
    kind: type[ConfigurationError | TransportError], place: str, error: Exception
) -> ConfigurationError | TransportError:
    return kind(
        f"LOCAL_DIGITAL_SITE, {place}", expected="a place where files can be written, read, listed and removed",
        found=_fault(error), action="Check the address and who may write there, then run again.",
    )  # fmt: skip
