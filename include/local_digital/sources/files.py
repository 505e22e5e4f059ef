"""What all folders of exports have in common, on a server or in a store: which files are whole, and how they move.

A source opens its folder (`OpenFolder`, a handful of plain operations); everything that decides is here, once.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import logging
import posixpath
import re
import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

from local_digital.config.names import NamePattern
from local_digital.config.sources import MIB, Folder, Sftp
from local_digital.errors import ConfigurationError, DataError, RefusedError, TransportError
from local_digital.plain_text import UNSOUND
from local_digital.sources import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from local_digital.config.sources import FileFacts
    from local_digital.settings import Settings
    from local_digital.sources import FileSource
    from local_digital.sources.spool import Spool
    from local_digital.workspace import FeedHandle

_log = logging.getLogger(__name__)

_DEEPEST = 8
_LARGEST_MANIFEST = MIB
_MOST_OF_MANIFESTS = 16 * MIB
_MOST_MANIFESTS = 10_000
# Twenty years of nightly exports are 7,300 files. A listing of a whole tree has so many time-outs.
MOST_NAMES = 100_000
_MOST_FOLDERS = 10_000
_LONGEST_PATH = 1000
_TIMEOUTS = 10
_ATTEMPTS = 4
_PAUSE_SECONDS = 0.5
_HASH = re.compile(r"[0-9a-fA-F]{32,}")
_SHA256_DIGITS = 64
_BETWEEN_WORDS = re.compile(r"[\s,;|]+")


def open_source(feed: FeedHandle, settings: Settings) -> FileSource:
    """Return the folder of a feed whose source is one of files.

    Raises ConfigurationError when its connection is missing, or when the feed's source is an API.
    """
    facts = feed.feed.source
    if isinstance(facts, Sftp):
        from local_digital.sources.sftp import SftpSource  # noqa: PLC0415 - SSH only where it is spoken

        return SftpSource(facts, settings.connection(facts.connection))
    if isinstance(facts, Folder):
        from local_digital.sources.folder import FolderSource  # noqa: PLC0415 - as above

        return FolderSource(facts, settings.connection(facts.connection) if facts.connection else None)
    raise ConfigurationError(
        f"{feed.name}: source",
        expected="a folder of files",
        found=f"`kind: {facts.kind}`",
        action="Use this only on feeds of files.",
    )


class Entry(NamedTuple):
    """A regular file or a folder in a listing; links and devices are never listed. modified: POSIX seconds."""

    name: str
    is_folder: bool
    size: int
    modified: int


class OpenFolder(Protocol):
    """A feed's folder while it is open. Paths are below it, empty for itself.

    All raise FileNotFoundError when what they need is not there, and TransportError or RefusedError. keeps_times: a
    file that is moved stays of the time it was written at.
    """

    @property
    def keeps_times(self) -> bool: ...

    def entries(self, folder: str) -> list[Entry]: ...

    def look(self, path: str) -> tuple[int, int] | None:
        """Return size and time of whatever has this name, None when nothing has."""
        ...

    def copy(self, path: str, size: int, target: BinaryIO) -> None:
        """Append to target what a file holds from the target's end up to `size`; less when the file is shorter."""
        ...

    def make_folder(self, path: str) -> None: ...

    def write(self, path: str, content: bytes) -> None: ...

    def move(self, path: str, to: str) -> None: ...

    def replace(self, path: str, to: str) -> None:
        """Move a file to a name that may be taken; readers see the old file or the new one."""
        ...


class FilesInFolder(ABC):
    """A `FileSource` on any folder that can be opened. where: what a message calls it. origin: what sets it apart."""

    facts: FileFacts

    @property
    @abstractmethod
    def where(self) -> str: ...

    @property
    @abstractmethod
    def origin(self) -> str: ...

    @abstractmethod
    def _open(self) -> AbstractContextManager[OpenFolder]: ...

    def list_files(self) -> list[RemoteFile]:
        """Return the files that fit the feed's pattern and are not known to be unfinished, by name.

        Raises TransportError (no answer, time-out), RefusedError (host key, login, folder), ConfigurationError, and
        DataError when a manifest is too large to be one, or there are more names than any folder of exports has.
        """
        with self._opened() as folder:
            listed = list(self._walk(folder))
            return whole_files(self.facts, listed, self._manifests(folder, listed))

    def fetch(self, files: Iterable[RemoteFile], spool: Spool) -> list[tuple[RemoteFile, Path]]:
        """Copy files into the spool; return those whose size, time and, where known, SHA-256 are the listed ones.

        A file that changed meanwhile is left out: it is still being written. So is one that another process fetches.
        A cut connection is taken up again a few times where it broke; after that, TransportError, and the next call
        goes on from there. Raises RefusedError and ConfigurationError too.
        """
        wanted = list(files)
        fetched: dict[RemoteFile, Path | None] = {}
        attempts_left = _ATTEMPTS
        while True:
            try:
                with self._opened() as folder:
                    for file in wanted:
                        if file not in fetched:
                            fetched[file] = self._fetch(folder, file, spool)
                return [(file, path) for file, path in fetched.items() if path]
            except TransportError:
                attempts_left -= 1
                if not attempts_left:
                    raise
                time.sleep(_PAUSE_SECONDS)

    def archive(self, files: Iterable[RemoteFile]) -> None:
        """Move files into the feed's archive folder, with the markers that are theirs alone.

        A file that is gone or has changed since it was listed stays, or goes back where it changed in that very moment;
        a name that is taken there gets a number. Does nothing for a feed without an archive. Raises TransportError,
        RefusedError, ConfigurationError.
        """
        wanted = list(files)
        if self.facts.archive is None or not wanted:
            return
        with self._opened() as folder:
            for file in wanted:
                if folder.look(file.name) != (file.size, file.modified):
                    continue
                archived = self._to_archive(folder, file.name)
                if not _is_as_listed(folder, archived, file):
                    self._give_back(folder, archived, file.name)
                    continue
                # Left behind, it would call the next file of this name whole before it is.
                marker = self.facts.marker_of(file.name)
                if marker and self.facts.has_own_markers and folder.look(marker):
                    self._to_archive(folder, marker)

    def put_report(self, name: str, content: bytes) -> None:
        """Write a report into the feed's report folder, whole or not at all; one of this name is replaced.

        Raises ConfigurationError when the feed has no such folder, TransportError and RefusedError.
        """
        if self.facts.report_folder is None:
            raise ConfigurationError(
                self.where,
                expected="`source.report_folder`",
                found="none",
                action="Name the folder for reports in the council's file.",
            )
        report = f"{self.facts.report_folder}/{name}"
        with self._opened() as folder:
            folder.make_folder(self.facts.report_folder)
            folder.write(f"{report}.part", content)
            folder.replace(f"{report}.part", report)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[OpenFolder]:
        with self._open() as folder:
            try:
                yield folder
            except FileNotFoundError:
                raise RefusedError(
                    self.where,
                    expected="the feed's folder",
                    found="no such folder",
                    action="Check `source.folder` with the council.",
                ) from None

    def _walk(self, folder: OpenFolder) -> Iterator[RemoteFile]:
        ahead = [""]
        names = folders = 0
        until = time.monotonic() + _TIMEOUTS * self.facts.timeout_seconds
        while ahead:
            below = ahead.pop()
            folders += 1
            try:
                entries = folder.entries(below)
            except FileNotFoundError:
                if not below:
                    raise
                continue  # gone since its parent was listed
            names += len(entries)
            if names > MOST_NAMES or folders > _MOST_FOLDERS or time.monotonic() > until:
                raise too_many_names(self.where)
            for entry in entries:
                if not _is_name(entry.name):
                    _log.warning("%s: passed over, a listing names a path where only names stand", self.where)
                    continue
                path = posixpath.join(below, entry.name)
                if entry.is_folder and self._leads_on(path):
                    ahead.append(path)
                elif not entry.is_folder and not UNSOUND.search(path) and len(path) <= _LONGEST_PATH:
                    yield RemoteFile(path, entry.size, entry.modified)
                elif not entry.is_folder and self.facts.pattern.matches(path):
                    _log.warning("%s: passed over, its name is no text: %s", self.where, ascii(path[:_LONGEST_PATH]))

    def _leads_on(self, path: str) -> bool:
        facts = self.facts
        if path in {facts.archive, facts.report_folder} or path.count("/") >= _DEEPEST or UNSOUND.search(path):
            return False
        return any(NamePattern.parse(text).may_lead_to(path) for text in (facts.files, facts.manifest) if text)

    def _manifests(self, folder: OpenFolder, listed: list[RemoteFile]) -> dict[RemoteFile, str]:
        read: dict[RemoteFile, str] = {}
        whole = 0
        for file in listed:
            if not _is_manifest(self.facts, file.name):
                continue
            whole += file.size
            too_many = whole > _MOST_OF_MANIFESTS or len(read) == _MOST_MANIFESTS
            if file.size > _LARGEST_MANIFEST or too_many:
                raise DataError(
                    f"{self.where}: manifest {file.name}",
                    expected=f"at most {_LARGEST_MANIFEST} bytes, and {_MOST_OF_MANIFESTS} in all",
                    found=f"{file.size}, and {whole} in all of {len(read) + 1} up to here",
                    action="Check `source.manifest` with the council.",
                )
            content = io.BytesIO()
            with contextlib.suppress(FileNotFoundError):  # gone since it was listed: it names nothing
                folder.copy(file.name, file.size, content)
            read[file] = content.getvalue().decode("utf-8-sig", "replace")
        return read

    def _fetch(self, folder: OpenFolder, file: RemoteFile, spool: Spool) -> Path | None:
        path = spool.path(self.origin, file.name, file.size, file.modified)
        partial = spool.partial(path)
        if partial is None:
            _log.info("%s: %s is left to the process that fetches it", self.where, file.name)
            return None
        with contextlib.suppress(FileNotFoundError):  # gone since it was listed
            folder.copy(file.name, file.size, partial)
        partial.flush()
        if (partial.tell(), folder.look(file.name)) == (file.size, (file.size, file.modified)):
            if not file.sha256 or file.sha256 == _sha256(path):
                return path
            _log.warning("%s: the bytes of %s are not those that its manifest states", self.where, file.name)
        spool.remove(path)
        return None

    def _to_archive(self, folder: OpenFolder, path: str) -> str:
        """Move a file and return where it is now."""
        target = f"{self.facts.archive}/{path}"
        stem, ending = posixpath.splitext(target)
        folder.make_folder(posixpath.dirname(target))
        free = (name for name in _numbered(target, stem, ending) if folder.look(name) is None)
        moved_to = next(free)
        folder.move(path, moved_to)
        return moved_to

    def _give_back(self, folder: OpenFolder, archived: str, path: str) -> None:
        """Move a file back that took the place of the one meant, and that nobody has taken yet."""
        if folder.look(path) is None:
            folder.move(archived, path)
            return
        _log.warning(
            "%s: %s was written anew twice while it was moved; %s was not taken: ask the council to send it again",
            self.where, path, archived,
        )  # fmt: skip


def whole_files(facts: FileFacts, listed: list[RemoteFile], manifests: dict[RemoteFile, str]) -> list[RemoteFile]:
    """Return the files of a listing that are deliveries by their name and, as far as names can tell, finished; by name.

    manifests: the text of each listed manifest. Markers and manifests are never deliveries.
    """
    written = {file.name: file.modified for file in listed}
    markers = {facts.marker_of(name) for name in written}
    newest_first = sorted(manifests, key=lambda file: (file.modified, file.name), reverse=True)
    stated = [(posixpath.dirname(file.name), _named(manifests[file])) for file in newest_first]
    whole = []
    for file in sorted(listed):
        name = file.name
        if not facts.pattern.matches(name) or name.lower().endswith(facts.unfinished_endings):
            continue
        if name in markers or _is_manifest(facts, name):
            continue
        marker = facts.marker_of(name)
        if marker and marker not in written:
            continue
        if marker and written[marker] < file.modified:
            _log.warning("%s is left as unfinished: its marker %s is older than it is", name, marker)
            continue
        sha256 = _stated(name, stated) if facts.manifest else ""
        if sha256 and len(sha256) != _SHA256_DIGITS:
            _log.warning(
                "%s is left as unfinished: expected a SHA-256 of %s hex digits in its manifest, found %s of them",
                name,
                _SHA256_DIGITS,
                len(sha256),
            )
        elif sha256 is not None:
            vouched_for = facts.manifest is not None or facts.has_own_markers
            whole.append(replace(file, sha256=sha256, vouched_for=vouched_for))
    return whole


def too_many_names(where: str) -> DataError:
    """Say that a listing does not end where any folder of exports does."""
    return DataError(
        where,
        expected=f"at most {MOST_NAMES:,} names in {_MOST_FOLDERS:,} folders, listed within {_TIMEOUTS} time-outs",
        found="more, or no end of them",
        action="Ask the council what the folder holds; name a folder of the feed's own, or fewer folders in `files`.",
    )


def _is_name(name: str) -> bool:
    """Say whether a listed name is one within its folder: anything else might lead anywhere."""
    return name not in {"", ".", ".."} and "/" not in name


def _is_manifest(facts: FileFacts, path: str) -> bool:
    return (
        facts.manifest is not None
        and NamePattern.parse(facts.manifest).matches(path)
        and not path.lower().endswith(facts.unfinished_endings)
    )


def _named(manifest: str) -> dict[str, str]:
    """Return the names in a manifest with the SHA-256 on their line, or what looks like a hash, empty without any."""
    named = {}
    for line in manifest.splitlines():
        words = [word for word in (word.strip("\"'*") for word in _BETWEEN_WORDS.split(line)) if word]
        hashes = [word for word in words if _HASH.fullmatch(word)] if len(words) > 1 else []
        sha256 = min(hashes, key=lambda word: len(word) != _SHA256_DIGITS, default="")
        # `name`, `name sha256` or what sha256sum writes, `sha256 *name`; a name may hold spaces.
        rest = line.replace(sha256, "").strip(" \t,;|*\"'")
        for name in (rest, _BETWEEN_WORDS.split(rest)[0].strip("\"'")):
            if name:
                named[name.removeprefix("./")] = sha256.lower()
    return named


def _stated(path: str, manifests: list[tuple[str, dict[str, str]]]) -> str | None:
    """Return the hash that the newest manifest naming a file gives (empty: none), None when no manifest names it."""
    for folder, named in manifests:
        names = [path]
        if not folder or path.startswith(f"{folder}/"):
            names += [posixpath.relpath(path, folder or "."), posixpath.basename(path)]
        for name in names:
            if name in named:
                return named[name]
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_as_listed(folder: OpenFolder, path: str, file: RemoteFile) -> bool:
    """Say whether what was moved is the file that was listed, as far as size and time tell."""
    found = folder.look(path)
    if found is None or not folder.keeps_times:
        return found is None or found[0] == file.size
    return found == (file.size, file.modified)


def _numbered(target: str, stem: str, ending: str) -> Iterator[str]:
    return itertools.chain([target], (f"{stem}.{number}{ending}" for number in itertools.count(2)))
