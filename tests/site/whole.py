"""A whole site from released figures that are held in memory, and how the figures of a warehouse get there."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import text

from local_digital.site.benchmarks import benchmarks
from local_digital.site.build import program_digest
from local_digital.site.figures import Dates, FeedFigures, Figures, Released, keep_offers, one_moment
from local_digital.site.parts import Before, Parts, Source
from local_digital.site.rows import Rows
from local_digital.site.sink import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection as Database

    from local_digital.site.about import About
    from local_digital.site.file import File
    from local_digital.workspace import Workspace

_KEYS = {
    "kpi": "transaction, council, kpi, version, period_kind, period_start, label",
    "volume": "transaction, data_set, council, period_start, label, across_label",
    "period": "transaction, council, period_kind, period_start",
}
_NOT_PUBLIC = {"first_value", "first_reports"}


def read(workspace: Workspace) -> Figures:
    """Return all released figures of a warehouse."""
    contracts = keep_offers(workspace, program_digest())
    with one_moment(workspace) as db:
        released = Released(db, contracts)
        frames = {name: _all_of(db, name) for name in _KEYS}
        overview = released.overview
        return Figures(
            contracts, overview.councils, overview.offers, overview.groups, overview.feeds,
            frames["kpi"], frames["volume"], frames["period"], released.change_log(),
        )  # fmt: skip


def _all_of(db: Database, name: str) -> pd.DataFrame:
    rows = db.execute(
        text(
            f"select figure.* from open_data.{name} as figure join marts.council using (council) "  # noqa: S608 - above
            f"join marts.offer using (council, transaction) where offer.state = 'provided' order by {_KEYS[name]}"
        )
    )
    frame = pd.DataFrame.from_records(rows.fetchall(), columns=list(rows.keys()))
    numbers = {"numerator", "denominator", "value"} & set(frame.columns)
    whole = {"reports", "working_days", "cycle_week"} & set(frame.columns)
    kinds = {**dict.fromkeys(numbers, "float64"), **dict.fromkeys(whole, "Int64")}
    return frame.drop(columns=_NOT_PUBLIC & set(frame.columns)).astype(kinds)


def source(figures: Figures) -> Source:
    """Return figures as the parts of a site ask for them."""

    def feed(council: str, transaction: str) -> FeedFigures:
        def of(frame: pd.DataFrame) -> Rows:
            mine = frame[(frame["council"] == council) & (frame["transaction"] == transaction)]
            return Rows.of(mine.drop(columns=["council", "transaction"]))

        return FeedFigures(of(figures.kpis), of(figures.volumes), of(figures.periods))

    def of(transaction: str) -> pd.DataFrame:
        return figures.kpis[figures.kpis["transaction"] == transaction]

    def taken(transaction: str) -> Rows:
        return Rows.of(benchmarks(Rows.of(of(transaction)), figures.councils, figures.groups))

    dates = {
        str(transaction): Dates(moments.min().to_pydatetime(), moments.max().to_pydatetime())
        for transaction, moments in figures.changes.groupby("transaction")["changed_at"]
    }
    number = len(figures.changes)
    return Source(figures, dates, (number, number), feed, of, taken, lambda: figures.changes)


def parts(figures: Figures, about: About) -> Iterator[tuple[str, File]]:
    """Yield every file of a site with the key of its part; a drawing that several parts show once."""
    made = Parts(
        source(figures), about, Before(Index(), lambda *_: b""), program="of the test", editions={}, as_of={}
    )  # fmt: skip
    drawn: set[str] = set()
    for part in made.all():
        for file in part.make():
            if file.path not in drawn:
                yield part.key, file
            if file.named_by_content:
                drawn.add(file.path)


def pages(figures: Figures, about: About) -> Iterator[File]:
    """Yield every page with its charts, its CSVs and the assets."""
    return (file for _, file in parts(figures, about) if not _is_data(file.path))


def open_data(figures: Figures, about: About) -> Iterator[File]:
    """Yield every file below `data/` but the page."""
    return (file for _, file in parts(figures, about) if _is_data(file.path))


def comparison_pages(figures: Figures, about: About) -> Iterator[File]:
    """Yield the comparison pages with their charts and CSVs."""
    return (file for key, file in parts(figures, about) if key.startswith("compare/"))


def unpacked(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return files, and beside those that are compressed what is in them."""
    inside = {path.removesuffix(".gz"): gzip.decompress(made) for path, made in files.items() if path.endswith(".gz")}
    return {**files, **inside}


def _is_data(path: str) -> bool:
    return path.startswith("data/") and not path.endswith(".html")
