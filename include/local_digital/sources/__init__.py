"""Where exports are fetched from. Files in a folder (`FileSource`), or the answers of an API (`WindowSource`)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from local_digital.sources.spool import Spool


@dataclass(frozen=True, order=True)
class RemoteFile:
    """A file as its folder lists it. name: the path below the feed's folder. modified: POSIX seconds, by its own clock.

    sha256: what a manifest says of its bytes, in lower case; empty when none does. vouched_for: whether the sender says
    of this very file that it is whole, by a marker of its own or in a manifest.
    """

    name: str
    size: int
    modified: int
    sha256: str = field(default="", compare=False)
    vouched_for: bool = field(default=False, compare=False)


class FileSource(Protocol):
    """A folder of exports. All raise TransportError, RefusedError or ConfigurationError."""

    def list_files(self) -> list[RemoteFile]:
        """Return the files that fit the feed's pattern and are not known to be unfinished, by name.

        Also raises DataError when a manifest is too large to be one.
        """
        ...

    def fetch(self, files: Iterable[RemoteFile], spool: Spool) -> list[tuple[RemoteFile, Path]]:
        """Copy files into the spool; return those whose size, time and, where known, SHA-256 are the listed ones."""
        ...

    def archive(self, files: Iterable[RemoteFile]) -> None:
        """Move files into the feed's archive folder; one that is gone or has changed since it was listed stays."""
        ...

    def put_report(self, name: str, content: bytes) -> None:
        """Write a report into the feed's report folder, whole or not at all."""
        ...


@dataclass(frozen=True)
class Interval:
    """A half-open range of moments (aware) that one delivery of an API covers, and that it is complete up to."""

    start: dt.datetime
    end: dt.datetime

    @property
    def name(self) -> str:
        return f"{_compact(self.start)} to {_compact(self.end)}"


class WindowSource(Protocol):
    """An API that is asked for ranges of time."""

    def intervals(self, complete_until: dt.datetime | None, until: dt.datetime) -> list[Interval]:
        """Return what has to be asked for, oldest first; each becomes a delivery of its own.

        complete_until: how far the deliveries so far reach, None before the first. until: the end of what is wanted.
        """
        ...

    def fetch(self, interval: Interval, folder: Path) -> Path:
        """Ask for everything in an interval; return a zip of the answers as they came."""
        ...


def _compact(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
