"""The pages that belong to no council: what the figures mean, the open data, and what changed."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from local_digital.calendar import LONDON, local_day
from local_digital.kpis import KPIS
from local_digital.site.figures import MOST_CHANGES
from local_digital.site.pages.layout import HOME, Crumb, page
from local_digital.site.pages.words import day, field, listed, number, period, target
from local_digital.site.tables import FORMS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from local_digital.kpis import Kpi, Unit
    from local_digital.site.file import File
    from local_digital.site.pages.site import Council, Site
    from local_digital.site.tables import Table

UNITS: dict[Unit, str] = {
    "count": "a number",
    "share": "a share, in per cent",
    "hours": "hours",
    "pounds": "pounds",
    "score": "a score from 0 to 1, written as 0 to 100%",
    "rate": "a number for each 100,000",
}


class Definition(NamedTuple):
    """A KPI as the page explains it. facts: what contracts say of it. used_by: names of transactions."""

    key: str
    definition: Kpi
    unit: str
    facts: list[tuple[str, str]]
    used_by: list[str]


class Release(NamedTuple):
    """What changed of one council's transaction at one moment."""

    council: Council
    transaction: str
    name: str
    time: str
    lines: list[Line]


class Line(NamedTuple):
    what: str
    told: str


def kpi_page(site: Site) -> File:
    """Return the page with every definition that a contract uses, and what stands where there is no figure."""
    found = []
    for kpi, definition in KPIS.items():
        using = [contract for _, contract in sorted(site.contracts.items()) if kpi in contract.kpis]
        if not using:
            continue
        facts = []
        for contract in using:
            most = contract.kpis[kpi].target
            if most is not None:
                facts.append(("Target", f"at most {target(definition.unit, float(most))} ({contract.name})"))
            if kpi == "repeat-misses":
                facts.append(("Looks back", f"{contract.kpis[kpi].weeks} weeks ({contract.name})"))
        found.append(Definition(kpi, definition, UNITS[definition.unit], facts, [one.name for one in using]))
    return page(
        site, "kpis/index.html", "kpis.html", title="What the figures mean",
        crumbs=(HOME, Crumb("What the figures mean", "")), kpis=found, thresholds=_thresholds(site),
    )  # fmt: skip


def _thresholds(site: Site) -> str:
    sets = [one for contract in site.contracts.values() for one in contract.data_sets.values() if one.threshold]
    plain = sorted({one.threshold for one in sets})
    sensitive = sorted({one.sensitive_threshold for one in sets} - set(plain))
    told = []
    if plain:
        told.append(f"from 1 to {listed([str(size - 1) for size in plain])}")
    if sensitive:
        told.append(f"to {listed([str(size - 1) for size in sensitive])} where the kind tells of somebody's health")
    return ", ".join(told)


def data_page(site: Site, tables: Sequence[Table]) -> File:
    """Return the page that lists every file of the open data. tables: those of the open data."""
    folders: dict[str, list[dict[str, Any]]] = {}
    for one in tables:
        days = f"{day(one.first_day)} to {day(one.last_day)}" if one.first_day and one.last_day else ""
        forms = [(form, one.path(form)) for form in FORMS]
        told = {"title": one.title, "means": one.means, "forms": forms, "rows": len(one), "days": days}
        folders.setdefault(one.folder, []).append(told)
    listing = [
        {
            "key": folder,
            "title": site.contracts[folder].name if folder else "All councils and transactions",
            "description": f"{folder}/datapackage.json" if folder else "datapackage.json",
            "tables": members,
        }
        for folder, members in folders.items()
    ]
    return page(
        site, "data/index.html", "data.html", title="Open data", crumbs=(HOME, Crumb("Open data", "")), folders=listing
    )


def changes_page(site: Site, total: int) -> File:
    """Return the page of the change log. total: how many entries there are."""
    changes = site.figures.changes
    newest = changes[changes["council"].isin(site.councils)].head(MOST_CHANGES)
    columns = ("changed_at", "council", "transaction", "what", "data_set", "figures", "first_period", "last_period")
    rows = list(zip(*(newest[column].tolist() for column in columns), strict=True))
    releases: list[tuple[dt.date, Release]] = []
    for (at, council, transaction), members in groupby(rows, key=lambda row: row[:3]):
        lines = [_line(site, transaction, *member[3:]) for member in members]
        contract = site.contracts.get(transaction)
        if contract:
            time = f"{at.astimezone(LONDON):%H:%M}"
            release = Release(site.councils[council], transaction, contract.name, time, sorted(lines))
            releases.append((local_day(at), release))
    days = [(of, [one for _, one in members]) for of, members in groupby(releases, key=lambda one: one[0])]
    return page(
        site, "changes/index.html", "changes.html", title="Changes to the figures",
        crumbs=(HOME, Crumb("Changes to the figures", "")), days=days, shown=len(newest), total=total,
    )  # fmt: skip


def _line(site: Site, transaction: str, what: str, data_set: str, figures: int, first: dt.date, last: dt.date) -> Line:
    facts = site.contracts[transaction].data_sets.get(data_set) if transaction in site.contracts else None
    by = listed([field(one) for one in (facts.breakdown, facts.across) if one]) if facts else ""
    about = f"transactions by {by}" if by else "KPIs" if data_set == "kpis" else data_set.replace("-", " ")
    if facts and facts.period != "hour":
        span = period(facts.period, first)
        if first != last:
            span += f" to {period(facts.period, last).replace('Week', 'week')}"
    else:
        span = f"periods from {day(first)}" + ("" if first == last else f" to {day(last)}")
    return Line(what.capitalize(), f"{number(figures)} figure{'' if figures == 1 else 's'}, {about}: {span}")
