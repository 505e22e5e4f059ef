"""The open data and the pages of the whole fleet: built in full, and again after the night of one council."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench.councils import PLACES, data_sets, write_councils
from bench.measure import in_own_process
from bench.place import place
from bench.report import Line
from bench.statements import fill
from local_digital.config.loading import load_transactions
from local_digital.kpis import KPIS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.place import Place
    from local_digital.config.models import Transaction

_TWO_YEARS = 104


def site(councils: int, weeks: int = _TWO_YEARS) -> Iterator[Line]:
    """Measure builds of the site with so many councils, each with every contract's figures of so many weeks."""
    with place() as here:
        slugs = write_councils(here.config, councils)
        contracts = load_transactions(here.config)[0]
        fill(here, "released_feeds", councils=slugs, transactions=list(contracts))
        fill(here, "released_periods", "released_changes", weeks=weeks)
        fill(here, "released_kpis", weeks=weeks, **kpi_shapes(contracts))
        fill(here, "released_counts", weeks=weeks, **count_shapes(contracts))
        with here.database() as db, db.cursor() as cursor:
            cursor.execute("select (select count(*) from open_data.kpi) + (select count(*) from open_data.volume)")
            (figures,) = cursor.fetchone() or (0,)
        full = in_own_process(_build, here)
        fill(here, "one_night", council=slugs[0])
        night = in_own_process(_build, here)
    size = {"councils": councils, "figures": figures}
    # Two minutes for 400 councils.
    full_line = ("full build", "s a council", full.seconds / councils, 0.3, full)
    for what, unit, figure, goal, built in (full_line, ("after one council's night", "s", night.seconds, 5.0, night)):
        yield Line(f"site: {what}", figure, unit, goal, facts={
            **size, **built.result, "s": round(built.seconds, 1), "CPU s": round(built.cpu, 1), "MiB": built.peak_mib,
        })  # fmt: skip


def kpi_shapes(contracts: Mapping[str, Transaction]) -> dict[str, list[str]]:
    """Return what `released_kpis.sql` binds: every KPI of every contract by version, label and kind of period."""
    shapes = [
        (slug, name, version, label, kind)
        for slug, contract in contracts.items()
        for name in contract.kpis
        for version in KPIS[name].versions
        for kind in KPIS[name].periods
        for label in (contract.fields["channel"].values if KPIS[name].labelled else [""])
    ]
    return _columns(("of", "kpis", "versions", "labels", "kinds"), shapes)


def count_shapes(contracts: Mapping[str, Transaction]) -> dict[str, list[str]]:
    """Return what `released_counts.sql` binds: every data set of counts of every contract by its labels."""
    shapes = [
        (slug, name, label, across_label, contract.data_sets[name].period)
        for slug, contract in contracts.items()
        for name in data_sets(contract)
        if contract.data_sets[name].breakdown
        for label in _labels(contract, contract.data_sets[name].breakdown)
        for across_label in _labels(contract, contract.data_sets[name].across)
    ]
    return _columns(("of", "data_sets", "labels", "across_labels", "kinds"), shapes)


def _labels(contract: Transaction, breakdown: str | None) -> list[str]:
    return list(contract.fields[breakdown].values) or PLACES if breakdown else [""]


def _columns(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def _build(here: Place) -> Iterator[Any]:
    from local_digital.site.build import build  # noqa: PLC0415 - in the measured process
    from local_digital.workspace import Workspace  # noqa: PLC0415

    # As docs/scaling.md says: the bands of all pages do not move with one council's night.
    settings = replace(here.settings(), benchmarks_stand=dt.timedelta(days=1))
    with Workspace.open(settings) as workspace:
        yield None
        report = build(workspace)
        yield {
            "files": report.files, "made": report.made, "written": report.written, "MB": round(report.bytes / 1e6, 1),
        }  # fmt: skip
