"""Exports in a drop folder: a path on this machine, or a folder of any store that fsspec knows."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from local_digital.config.sources import MIB
from local_digital.errors import ConfigurationError, RefusedError, TransportError
from local_digital.settings import ROOT
from local_digital.sources.files import Entry, FilesInFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local_digital.config.sources import Folder
    from local_digital.settings import Connection

_BLOCK = 4 * MIB
_LATEST = 2**32 - 1
# Under which key a store says when a file was last written, the surest first.
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "created")


@dataclass(frozen=True)
class FolderSource(FilesInFolder):
    """The drop folder of a feed.

    connection: its host, where it has one, is the root that a relative folder lies below, this project's folder
    otherwise; its extra holds the store's options.
    """

    facts: Folder
    connection: Connection | None = None

    @property
    def where(self) -> str:
        return f"folder {re.sub(r'//[^/@]*@', '//', self.facts.folder)}"

    @property
    def origin(self) -> str:
        return f"{self.connection.connection_id if self.connection else ''} {self._whole}"

    @contextlib.contextmanager
    def _open(self) -> Iterator[_OpenStore]:
        options = dict(self.connection.extra) if self.connection else {}
        try:
            store, root = fsspec.core.url_to_fs(self._whole, **options)
        except (ImportError, ValueError) as error:
            raise ConfigurationError(
                self.where,
                expected="a path, or the URL of a store whose package is installed",
                found=type(error).__name__,
                action="Check `source.folder`; for an object store install its fsspec package (s3fs, gcsfs, adlfs).",
            ) from None
        yield _OpenStore(store, root, self.facts.timeout_seconds, self.where)

    @property
    def _whole(self) -> str:
        """The folder's URL or absolute path."""
        folder, root = self.facts.folder, self.connection.host if self.connection else ""
        if "://" in folder:
            return folder
        if "://" in root and not folder.startswith("/"):
            return root if folder == "." else f"{root.rstrip('/')}/{folder}"
        return str(ROOT / root / folder)


class _OpenStore:
    """See `OpenFolder`. A copy has the feed's time-out; other operations have the store's own."""

    def __init__(self, store: fsspec.AbstractFileSystem, root: str, seconds: float, where: str) -> None:
        self._store = store
        self._root = root.rstrip("/")
        self.keeps_times = isinstance(store, LocalFileSystem)
        self._seconds = seconds
        self._where = where

    def entries(self, folder: str) -> list[Entry]:
        path = self._path(folder)
        with self._translated():
            self._store.invalidate_cache()
            listed = self._store.ls(path or "/", detail=True)
            return [
                Entry(name, facts["type"] == "directory", facts["size"] or 0, self._modified(facts))
                for facts in listed
                # Some stores list a folder in itself. Links are not followed: they might lead anywhere.
                if (name := facts["name"].rstrip("/").rpartition("/")[2]) and facts["name"].rstrip("/") != path
                if facts["type"] in {"file", "directory"} and not facts.get("islink")
            ]

    def look(self, path: str) -> tuple[int, int] | None:
        try:
            with self._translated():
                self._store.invalidate_cache()
                facts = self._store.info(self._path(path))
        except FileNotFoundError:
            return None
        return facts["size"] or 0, self._modified(facts)

    def copy(self, path: str, size: int, target: BinaryIO) -> None:
        until = time.monotonic() + self._seconds
        with self._translated(), self._store.open(self._path(path), "rb") as source:
            source.seek(target.tell())
            while block := source.read(min(_BLOCK, size - target.tell())):
                target.write(block)
                if time.monotonic() > until:
                    raise TimeoutError

    def make_folder(self, path: str) -> None:
        with self._translated():
            self._store.makedirs(self._path(path), exist_ok=True)

    def write(self, path: str, content: bytes) -> None:
        with self._translated():
            self._store.pipe_file(self._path(path), content)

    def move(self, path: str, to: str) -> None:
        with self._translated():
            self._store.mv(self._path(path), self._path(to))

    replace = move

    def _path(self, path: str) -> str:
        whole = f"{self._root}/{path}" if path else self._root
        if isinstance(self._store, LocalFileSystem):
            root = Path(self._root).resolve()
            if not Path(whole).resolve().is_relative_to(root):
                raise RefusedError(
                    f"{self._where}: {path}",
                    expected="a path inside the feed's folder",
                    found="a link that leads out of it",
                    action="Remove the link, or name the folder it leads to as `source.folder`.",
                )
        return whole

    def _modified(self, facts: Mapping[str, Any]) -> int:
        """Return when a file was last written; a store that does not say is asked for it."""
        value = next((facts[key] for key in _TIMES if facts.get(key) is not None), None)
        if value is None:
            if facts["type"] != "file":
                return 0
            try:
                value = self._store.modified(facts["name"])
            except NotImplementedError:
                raise ConfigurationError(
                    self._where,
                    expected="a store that says when a file was last written",
                    found="one that does not",
                    action="Use another store: without times a file that is still being written looks finished.",
                ) from None
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value)
        seconds = int(value.timestamp() if isinstance(value, dt.datetime) else value)
        # A file may claim any time; beyond what SFTP knows there is none that a delivery can have.
        return min(max(seconds, 0), _LATEST)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Translate what goes wrong with a store; what is missing stays FileNotFoundError."""
        try:
            yield
        except FileNotFoundError:
            raise
        except (PermissionError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise RefusedError(
                self._where,
                expected="files to be read and, for an archive or reports, to be moved and written",
                found=type(error).__name__,
                action="Check the rights of the account that runs this, or the store's keys.",
            ) from None
        except (OSError, TimeoutError) as error:
            raise TransportError(
                self._where,
                expected="an answer in time",
                found=type(error).__name__,
                action="It is tried again; if it lasts, check that the folder is reachable.",
            ) from None
