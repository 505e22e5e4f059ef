"""The pages of the site, made from released figures and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_digital.site.open_data import tables
from local_digital.site.pages.comparison import comparison_pages
from local_digital.site.pages.council import council_page, groups_of
from local_digital.site.pages.dashboard import dashboard
from local_digital.site.pages.front import front_page
from local_digital.site.pages.layout import assets
from local_digital.site.pages.reference_pages import changes_page, data_page, kpi_page
from local_digital.site.pages.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local_digital.site.about import About
    from local_digital.site.figures import Figures
    from local_digital.site.file import File
    from local_digital.site.tables import Table


def pages(figures: Figures, about: About, found: Sequence[Table] | None = None) -> Iterator[File]:
    """Yield every page with its charts, its CSVs and the assets. Equal figures give equal bytes.

    found: the tables of the open data, where they have been made already. A chart that two pages share is yielded once.
    """
    drawn: set[str] = set()
    for file in _all(Site(figures, about), tables(figures) if found is None else found):
        if file.path not in drawn:
            yield file
        if file.named_by_content:
            drawn.add(file.path)


def _all(site: Site, found: Sequence[Table]) -> Iterator[File]:
    yield from assets()
    yield front_page(site)
    yield kpi_page(site)
    yield data_page(site, found)
    yield changes_page(site)
    groups = groups_of(site)
    for slug, council in site.councils.items():
        yield council_page(site, council, groups.get(slug, {}))
        for _, contract in sorted(site.contracts.items()):
            yield from dashboard(site, council, contract)
    yield from comparison_pages(site)
