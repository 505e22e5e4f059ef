"""The comparison pages of every transaction, below `compare/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_digital.site.file import File
    from local_digital.site.pages.site import Site


def comparison_pages(site: Site) -> Iterator[File]:
    """Yield the comparison pages of every transaction with their CSVs and charts."""
    del site
    yield from ()
