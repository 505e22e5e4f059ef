"""The released figures in the order in which pages ask for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from local_digital.fields import UNMAPPED
from local_digital.kpis import KPIS
from local_digital.site.rows import Rows

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from local_digital.config.models import Transaction
    from local_digital.kpis import PeriodKind
    from local_digital.site.about import About
    from local_digital.site.figures import Figures

    Bands = Mapping[tuple[str, ...], Mapping[dt.date, "Benchmark"]]

UNMAPPED_NAME = "Not mapped yet"


class Figure(NamedTuple):
    """A released figure. value: None where there was nothing to divide or too little is known; `state` says which."""

    value: float | None
    numerator: float | None
    denominator: float | None
    basis: str
    caveats: tuple[str, ...]

    @property
    def state(self) -> str:
        """Why there is no value, for figures that have none."""
        return "too-little-known" if self.denominator else "nothing-to-divide"


class Benchmark(NamedTuple):
    councils: int
    lower_quartile: float
    median: float
    upper_quartile: float


class Period(NamedTuple):
    reports: int | None
    working_days: int | None
    bank_holidays: tuple[str, ...]
    cycle_week: int | None
    same_point: dt.date | None


class Offer(NamedTuple):
    """state: as in `Figures.offers`. not_supplied: KPIs that the feed cannot give."""

    state: str
    reason: str | None
    not_supplied: tuple[str, ...]


class Council(NamedTuple):
    slug: str
    name: str
    gss_code: str
    tier: str
    nation: str
    region: str | None
    population: int | None


class Newest(NamedTuple):
    """The newest whole month of a feed, or its newest week where it has no month."""

    kind: PeriodKind
    start: dt.date
    reports: int | None


class Feed:
    """The released figures of one council's transaction.

    figures: by (period kind, KPI, version, label), then by the period's first day. counts: by data set, then by the
    period's first day, then by (label, label across); None where a count is withheld. periods: by period kind, then by
    the period's first day. kind: the periods that its charts have: weeks, or months where the feed counts by month.
    """

    def __init__(self, kpis: pd.DataFrame | Rows, volumes: pd.DataFrame | Rows, periods: pd.DataFrame | Rows) -> None:
        self.figures: dict[tuple[str, str, str, str], dict[dt.date, Figure]] = {}
        for kind, start, kpi, version, label, value, over, under, basis, caveats in _rows(
            kpis, "period_kind", "period_start", "kpi", "version", "label", "value", "numerator", "denominator",
            "basis", "caveats",
        ):  # fmt: skip
            found = Figure(_known(value), _known(over), _known(under), basis, tuple(caveats))
            self.figures.setdefault((kind, kpi, version, label), {})[start] = found
        self.counts: dict[str, dict[dt.date, dict[tuple[str, str], int | None]]] = {}
        for data_set, start, label, across, reports, state in _rows(
            volumes, "data_set", "period_start", "label", "across_label", "reports", "state"
        ):
            count = _whole(reports) if state == "shown" else None
            self.counts.setdefault(data_set, {}).setdefault(start, {})[label, across] = count
        self.periods: dict[str, dict[dt.date, Period]] = {}
        for kind, start, reports, days, holidays, week, same_point in _rows(
            periods, "period_kind", "period_start", "reports", "working_days", "bank_holidays", "cycle_week",
            "same_point",
        ):  # fmt: skip
            found_period = Period(_whole(reports), _whole(days), tuple(holidays), _whole(week), _day(same_point))
            self.periods.setdefault(kind, {})[start] = found_period
        self.kind: PeriodKind = "week" if "week" in self.periods or not self.periods else "month"

    def series(
        self, kpi: str, kind: PeriodKind | None = None, version: str | None = None, label: str = ""
    ) -> dict[dt.date, Figure]:
        """Return the figures of a KPI by period; the newest version and the kind of the charts where none is given."""
        return self.figures.get((kind or self.kind, kpi, version or KPIS[kpi].versions[-1], label), {})

    def has(self, kpi: str) -> bool:
        """Say whether there is any row of a KPI, of whatever period, version or label."""
        return any(key[1] == kpi for key in self.figures)


def bands_of(benchmarks: Rows) -> Bands:
    """Return benchmarks, in the columns of `benchmarks.benchmarks`, as pages look them up."""
    found: dict[tuple[str, ...], dict[dt.date, Benchmark]] = {}
    # A share of each channel has no band anywhere, and most figures are such.
    whole = benchmarks.where("label", "") if len(benchmarks) else benchmarks
    for *key, start, councils, lower, median, upper in whole.tuples(
        "period_kind", "kpi", "version", "basis", "comparison", "subject", "period_start", "councils",
        "lower_quartile", "median", "upper_quartile",
    ) if len(whole) else ():  # fmt: skip
        found.setdefault(tuple(key), {})[start] = Benchmark(int(councils), lower, median, upper)
    return found


def _no_bands(_transaction: str) -> Bands:
    return {}


@dataclass(frozen=True)
class Site:
    """figures, about: what the pages are made from. bands: gives a transaction's benchmarks, from `bands_of`. as_of: by
    transaction the day on which they were taken; nothing where they are always those of the newest figures. The rest is
    that, grouped, and found when it is first asked for.
    """

    figures: Figures
    about: About
    bands: Callable[[str], Bands] = _no_bands
    as_of: Mapping[str, dt.date] = field(default_factory=dict)

    @property
    def contracts(self) -> dict[str, Transaction]:
        return self.figures.contracts

    @cached_property
    def councils(self) -> dict[str, Council]:
        """Every council that takes part, by slug, in the order of slugs: a `City of` sorts no council to C."""
        rows = _rows(self.figures.councils, "council", *Council._fields[1:])
        councils = [
            Council(slug, name, gss_code, tier, nation, _text(region), _whole(population))
            for slug, name, gss_code, tier, nation, region, population in rows
        ]
        return {council.slug: council for council in sorted(councils)}

    @cached_property
    def offers(self) -> dict[tuple[str, str], Offer]:
        """By council and transaction."""
        return {
            (council, transaction): Offer(state, _text(reason), tuple(not_supplied))
            for council, transaction, state, reason, not_supplied in _rows(
                self.figures.offers, "council", "transaction", "state", "reason", "not_supplied"
            )
        }

    @cached_property
    def released_at(self) -> dict[tuple[str, str], dt.datetime]:
        """When a feed's public figures last changed, by council and transaction (UTC)."""
        rows = _rows(self.figures.feeds, "council", "transaction", "released_at")
        return {(council, transaction): at.to_pydatetime() for council, transaction, at in rows}

    def offer(self, council: str, transaction: str) -> Offer:
        return self.offers.get((council, transaction), Offer("awaited", None, ()))

    @cached_property
    def newest(self) -> dict[tuple[str, str], Newest]:
        """The newest month of every feed, or its newest week where it has no month, by council and transaction."""
        periods = self.figures.periods
        found: dict[tuple[str, str], Newest] = {}
        for kind in ("week", "month"):
            of_kind = periods[periods["period_kind"] == kind].sort_values("period_start", kind="stable")
            newest = of_kind.drop_duplicates(["council", "transaction"], keep="last")
            for council, transaction, start, reports in _rows(
                newest, "council", "transaction", "period_start", "reports"
            ):
                found[council, transaction] = Newest("month" if kind == "month" else "week", start, _whole(reports))
        return found

    @cached_property
    def spans(self) -> dict[tuple[str, str], tuple[dt.date, dt.date]]:
        """The first days of the first and the newest period, by transaction and kind of period."""
        periods = self.figures.periods
        firsts = periods["first_start" if "first_start" in periods else "period_start"]
        found: dict[tuple[str, str], tuple[dt.date, dt.date]] = {}
        for transaction, kind, first, newest in zip(
            periods["transaction"], periods["period_kind"], firsts, periods["period_start"], strict=True
        ):
            known = found.get((transaction, kind), (first, newest))
            found[transaction, kind] = (min(known[0], first), max(known[1], newest))
        return found

    def benchmark(
        self,
        transaction: str,
        kind: PeriodKind,
        kpi: str,
        *,
        basis: str = "full",
        version: str | None = None,
        comparison: str = "all",
        subject: str = "",
    ) -> Mapping[dt.date, Benchmark]:
        """Return median and quartiles of a KPI by period. comparison, subject: as in `benchmarks.benchmarks`."""
        key = (kind, kpi, version or KPIS[kpi].versions[-1], basis, comparison, subject)
        return self.bands(transaction).get(key, {})


def label_name(contract: Transaction, field: str, label: str) -> str:
    """Return the name of a value of a contract's field; the council's own word where the contract lists none."""
    agreed = contract.fields[field].values if field in contract.fields else {}  # noqa: PD011 - a contract's
    if label in agreed:
        return agreed[label].name
    return UNMAPPED_NAME if agreed and label == UNMAPPED else label


def _rows(frame: pd.DataFrame | Rows, *columns: str) -> Any:
    if isinstance(frame, Rows):
        return frame.tuples(*columns)
    return zip(*(frame[column].tolist() for column in columns), strict=True)


def _known(value: Any) -> float | None:
    # Not a number is not itself either; asking pandas for each is slow.
    return None if value is None or value is pd.NA or value != value else float(value)  # noqa: PLR0124


def _whole(value: Any) -> int | None:
    return None if value is None or value is pd.NA or value != value else int(value)  # noqa: PLR0124


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _day(value: Any) -> dt.date | None:
    return None if pd.isna(value) else value
