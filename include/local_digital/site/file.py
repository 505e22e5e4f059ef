"""A file of the site."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class File:
    """path: below the site's root, with slashes. make: returns the content.

    named_by_content: the path tells the content (it holds a digest of what the content is made from), so that a file
    of this path which the last build left need not be made again.
    """

    path: str
    make: Callable[[], bytes]
    named_by_content: bool = False


@dataclass(frozen=True)
class Part:
    """Files that are made from the same things.

    key: tells parts of a site apart. version: of what the files are made from; those of this version which the last
    build left need not be made again. make: returns them. note: JSON that the index of the site keeps with the part;
    complete when the last file is made.
    """

    key: str
    version: str
    make: Callable[[], Iterable[File]]
    note: dict[str, Any] = field(default_factory=dict)


_MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "gz": "application/gzip",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "jsonld": "application/ld+json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "woff2": "font/woff2",
    "xml": "application/xml",
}


def media_type(path: str) -> str:
    """Return what a web server should call the file, by its ending."""
    return _MEDIA_TYPES.get(path.rpartition(".")[2].lower(), "application/octet-stream")
