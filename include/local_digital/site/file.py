"""A file of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class File:
    """path: below the site's root, with slashes. make: returns the content.

    named_by_content: the path tells the content (it holds a digest of what the content is made from), so that a file
    of this path which the last build left need not be made again.
    """

    path: str
    make: Callable[[], bytes]
    named_by_content: bool = False
