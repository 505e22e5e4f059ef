"""A feed's totals against the band that sign-off expects them in, as a chart and as figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_digital.calendar import period_end
from local_digital.publishing.holds import Checked, Expected, expected
from local_digital.site.pages.charts import Band, Drawing, Line, Spread, over_time
from local_digital.sql import statement

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Connection as Database

    from local_digital.config.models import Council, Transaction
    from local_digital.kpis import PeriodKind

_NEWEST = {"week": 52, "month": 36}


@dataclass(frozen=True)
class Volumes:
    """kind: of periods. rows: first day, total and its band, from the oldest on. outside: how many lie outside."""

    kind: PeriodKind
    rows: list[tuple[dt.date, int, Expected | None]]
    drawing: Drawing | None

    @property
    def outside(self) -> int:
        return sum(band is not None and not band.lowest <= total <= band.highest for _, total, band in self.rows)


def volumes(db: Database, council: Council, contract: Transaction) -> Volumes:
    """Return the newest whole, finished periods of a feed, judged by the shortest kind that it has."""
    kind = council.feeds[contract.transaction].shortest_period
    names = {"council": council.council, "transaction": contract.transaction, "period_kind": kind}
    figures = [
        Checked(row.period_start, float(row.reports), int(row.reports))
        for row in db.execute(statement("publish/finished_periods"), names)
    ]
    bands = expected("volume", figures, contract.holds)
    rows = [(figure.period_start, int(figure.found), band) for figure, band in zip(figures, bands, strict=True)]
    rows = rows[-_NEWEST[kind] :]
    return Volumes(kind, rows, _drawn(kind, rows))


def drawn(drawing: Drawing, size: str, theme: str) -> bytes:
    """Return a chart as SVG. size: `narrow` or `wide`. theme: `light` or `dark`."""
    picture = drawing.narrow if size == "narrow" else drawing.wide
    return (picture.in_the_dark() if theme == "dark" else picture).content


def _drawn(kind: PeriodKind, rows: list[tuple[dt.date, int, Expected | None]]) -> Drawing | None:
    if not rows:
        return None
    known = {start: (total, band) for start, total, band in rows}
    starts = [rows[0][0]]
    while starts[-1] < rows[-1][0]:
        starts.append(period_end(kind, starts[-1]))
    found = [known.get(start) for start in starts]
    return over_time(
        kind,
        starts,
        [Line("Transactions", [each[0] if each else None for each in found])],
        "count",
        band=Band(
            "Expected, by the periods before",
            "Usual",
            [Spread(*each[1]) if each and each[1] else None for each in found],
        ),
    )
