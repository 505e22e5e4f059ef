"""The frame that all pages share: templates, assets named by their content, relative addresses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from local_digital.kpis import CAVEATS, KPIS
from local_digital.site.file import File
from local_digital.site.pages import words
from local_digital.site.pages.blocks import rendered
from local_digital.site.pages.page_folder import PageFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local_digital.site.pages.site import Site

_WORDS = {"words": words, "KPIS": KPIS, "CAVEATS": CAVEATS, "STATES": words.STATES, "table": rendered}
_FOLDER = PageFolder(Path(__file__).parent, _WORDS)


class Crumb(NamedTuple):
    """path: below the site's root; empty for the page itself."""

    text: str
    path: str


HOME = Crumb("Home", "index.html")


def page(site: Site, path: str, template: str, *, title: str, crumbs: Sequence[Crumb] = (), **facts: Any) -> File:
    """Return a page of the site, rendered when it is asked for.

    path: below the site's root. title: of the browser's tab, before the site's name. crumbs: the pages above this one.
    facts: what the template needs beside `site`, `about`, `root` (the way to the site's root, with a slash), `asset`,
    and the words of `words`.
    """

    def make() -> bytes:
        rendered = _FOLDER.render(
            template, site=site, about=site.about, root="../" * path.count("/"), path=path, title=title,
            crumbs=crumbs, **facts,
        )  # fmt: skip
        return rendered.encode()

    return File(path, make)


def assets() -> Iterator[File]:
    """Yield style sheet, script and the swatches of the charts' keys."""
    for name, content in _FOLDER.assets.items():
        yield File(asset(name), lambda content=content: content, named_by_content=True)  # type: ignore[misc]


def asset(name: str) -> str:
    """Return the path of an asset below the site's root; its name holds a digest of what it is."""
    return _FOLDER.asset(name)
