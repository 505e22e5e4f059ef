"""The released figures as tidy tables, with what a reader must know to use them: docs/open-data.md.

A cell of a CSV that begins like a spreadsheet's formula has an apostrophe before it, since wards and branches are the
councils' own words; in the JSON it is as the council wrote it.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from local_digital.authorities import resolve
from local_digital.calendar import period_end
from local_digital.errors import ConfigurationError
from local_digital.fields import UNMAPPED
from local_digital.kpis import CAVEATS, KPIS
from local_digital.offers import labels
from local_digital.site.benchmarks import FEWEST_COUNCILS, benchmarks
from local_digital.site.catalogue import catalogue
from local_digital.site.file import File
from local_digital.site.tables import FORMS, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local_digital.config.models import DataSet, Transaction
    from local_digital.site.about import About
    from local_digital.site.figures import Figures

# Files that every transaction's folder may hold beside its data sets, without their endings.
_OTHER_FILES = ("kpis", "benchmarks", "periods", "datapackage")
_UNITS = {
    "count": "transactions or items", "share": "from 0 to 1", "hours": "hours", "pounds": "pounds sterling",
    "score": "from 0 to 1", "rate": "for each 100,000",
}  # fmt: skip

_COUNCIL = (
    Column("council", "Council", "The council, by its short name on GOV.UK."),
    Column("council_name", "Name of the council", "The council's name."),
    Column("gss_code", "GSS code", "The council's code of the Office for National Statistics, as it is today."),
)
_TRANSACTION = Column("transaction", "Transaction", "The kind of dealing with the public: see transactions.csv.")
_PERIOD = (
    Column("period_kind", "Kind of period", "A week from Monday, a calendar month or a calendar quarter.",
           values=("week", "month", "quarter")),
    Column("period_start", "First day", "The period's first day, on the London calendar.", "date"),
    Column("period_end", "Last day", "The period's last day, on the London calendar.", "date"),
)  # fmt: skip
_KPI = (
    Column("kpi", "KPI", "The figure's name: see kpi-definitions.csv.", values=tuple(KPIS)),
    Column("version", "Version", "Of the KPI's definition; figures of different versions are not comparable."),
    Column("label", "Channel", "The channel, for channel-mix; empty for figures of all channels.", required=False),
)
_UNIT = Column("unit", "Unit", "What the value counts.", values=tuple(_UNITS))
_BASIS = Column(
    "basis", "Basis", "`estimated` where something in the formula is an estimate. Not comparable with `full`.",
    values=("full", "estimated"),
)  # fmt: skip


def open_data(figures: Figures, about: About, found: Sequence[Table] | None = None) -> Iterator[File]:
    """Yield every file below `data/` but the pages: tables, their descriptions, and the catalogue of all of them.

    found: the tables, where they have been made already. Equal figures give equal bytes. Raises ConfigurationError
    where a contract's data set has the name of another file.
    """
    found = tables(figures) if found is None else found
    for table in found:
        for form in FORMS:
            yield File(table.path(form), partial(table.content, form))
    folders = {table.folder: [one for one in found if one.folder == table.folder] for table in found}
    for folder, members in folders.items():
        path = f"data/{folder}/datapackage.json" if folder else "data/datapackage.json"
        contract = figures.contracts.get(folder)
        yield File(path, partial(_package, contract, members, about))
    yield File("data/catalogue.jsonld", partial(catalogue, found, about))


def tables(figures: Figures) -> list[Table]:
    """Return all tables that have rows, those of the whole site (without a folder) first. Raises as `open_data`."""
    councils = _with_codes(figures.councils)
    found = list(_tables_of_all(figures, councils))
    # Figures of a KPI that is defined no more stay released until the council's next release.
    kpis = figures.kpis[figures.kpis["kpi"].isin(KPIS)]
    compared = benchmarks(kpis, figures.councils, figures.groups)
    for slug, contract in sorted(figures.contracts.items()):
        one = [
            *_counts(contract, figures.volumes, councils),
            _kpis(contract, kpis, councils),
            _benchmarks(contract, compared),
            _periods(contract, figures.periods, councils),
        ]
        changes = _of(figures.changes, slug)["changed_at"]
        found += [replace(table, **_released(changes)) for table in one if len(table.frame)]
    return found


def last_days(kinds: pd.Series, starts: pd.Series) -> list[dt.date]:
    """Return the last day of each period, given its kind (`week`, `month`, `quarter`) and first day."""
    known = {
        (kind, start): period_end(kind, start) - dt.timedelta(days=1)
        for kind, start in {*zip(kinds, starts, strict=True)}
    }
    return [known[period] for period in zip(kinds, starts, strict=True)]


def _with_codes(councils: pd.DataFrame) -> pd.DataFrame:
    """Add `gss_code` of today and `former_gss_codes` in place of the code that a council's file has."""
    today: list[str] = []
    former: list[str] = []
    for code in councils["gss_code"]:
        authority = resolve(code)
        same = authority is not None and code in authority.former_gss_codes
        today.append(authority.gss_code if authority is not None and same and authority.gss_code else code)
        former.append(" ".join(authority.former_gss_codes) if authority is not None else "")
    return councils.assign(council_name=councils["name"], gss_code=today, former_gss_codes=former)


def _of(frame: pd.DataFrame, transaction: str) -> pd.DataFrame:
    return frame[frame["transaction"] == transaction]


def _named(frame: pd.DataFrame, councils: pd.DataFrame) -> pd.DataFrame:
    """Add name and code to rows about councils, and the last day to rows about periods."""
    found = frame.merge(councils[["council", "council_name", "gss_code"]], on="council", how="inner", sort=False)
    return _ended(found)


def _ended(frame: pd.DataFrame) -> pd.DataFrame:
    if "period_start" not in frame:
        return frame
    return frame.assign(period_end=last_days(frame["period_kind"], frame["period_start"]))


def _reach(frame: pd.DataFrame) -> dict[str, Any]:
    """Return what a table says of the time and the councils that its rows are about."""
    found: dict[str, Any] = {}
    if len(frame) and "period_end" in frame:
        found = {"first_day": frame["period_start"].min(), "last_day": frame["period_end"].max()}
    if "gss_code" in frame:
        found["gss_codes"] = tuple(sorted(set(frame["gss_code"])))
    return found


def _released(changes: pd.Series) -> dict[str, Any]:
    if not len(changes):
        return {}
    return {"issued": changes.min().to_pydatetime(), "modified": changes.max().to_pydatetime()}


def _counts(contract: Transaction, volumes: pd.DataFrame, councils: pd.DataFrame) -> Iterator[Table]:
    ours = _of(volumes, contract.transaction)
    for name, data_set in contract.data_sets.items():
        if data_set.breakdown is None:
            continue
        if name in _OTHER_FILES:
            raise ConfigurationError(
                f"transaction {contract.transaction}", expected=f"no data set called {' or '.join(_OTHER_FILES)}",
                found=f"`{name}`", action="Give it another name: the open data has a file that is called so.",
            )  # fmt: skip
        frame = _named(ours[ours["data_set"] == name], councils)
        dimensions: list[Column] = []
        for field, source in ((data_set.breakdown, "label"), (data_set.across, "across_label")):
            if field is None:
                continue
            columns, values = _dimension(contract, field, frame[source])
            dimensions += columns
            frame = frame.assign(**values)
        by = " and ".join(_words(field) for field in (data_set.breakdown, data_set.across) if field)
        yield Table(
            name, contract.transaction, f"{contract.name}: by {by}, each {data_set.period}",
            _what_counts_are(contract, by, data_set),
            (
                *_COUNCIL, _TRANSACTION, *_PERIOD, *dimensions,
                Column("count", "Count", "How many there were; empty where that is withheld. Zero is zero.", "integer",
                       required=False, unit="transactions", least=0),
                Column("state", "State", "Whether the count is shown, or withheld since it or another one is small.",
                       values=("shown", "withheld")),
            ),
            frame.assign(count=frame["reports"]),
            key=("council", "period_start", *filter(None, (data_set.breakdown, data_set.across))),
            period=data_set.period if data_set.period != "hour" else None,
            keywords=(contract.name, *(_words(field) for field in (data_set.breakdown, data_set.across) if field)),
            **_reach(frame),
        )  # fmt: skip


def _what_counts_are(contract: Transaction, by: str, data_set: DataSet) -> str:
    said = f"Transactions of each {data_set.period} by {by}, all councils together."
    if data_set.threshold:
        fields = [field for field in (data_set.breakdown, data_set.across) if field]
        sensitive = any(labels(contract, field, lambda label: label.sensitive) for field in fields)
        higher = f" (to {data_set.sensitive_threshold - 1} where they tell of somebody's health)" if sensitive else ""
        said += (
            f" Counts from 1 to {data_set.threshold - 1}{higher} are withheld, and others with them, so that nobody "
            "can work them out."
        )
    return said


def _words(field: str) -> str:
    return field.replace("_", " ")


def _dimension(contract: Transaction, field: str, found: pd.Series) -> tuple[list[Column], dict[str, list[str]]]:
    """Return the columns of one breakdown and their cells: value and name, or the council's word alone."""
    title = _words(field).capitalize()
    agreed = contract.fields[field].values  # noqa: PD011 - a contract's, not a frame's
    if not agreed:
        return [Column(field, title, "In the council's own words.")], {field: list(found)}
    names = {UNMAPPED: "Not mapped yet", **{value: label.name for value, label in agreed.items()}}
    return (
        [
            Column(
                field,
                title,
                "By the value agreed among the councils, which stays the same.",
                values=tuple({**names, **dict.fromkeys(found)}),
            ),
            Column(f"{field}_name", f"{title}, in words", "What the value is called."),
        ],
        {field: list(found), f"{field}_name": [names.get(label, label) for label in found]},
    )


def _kpis(contract: Transaction, kpis: pd.DataFrame, councils: pd.DataFrame) -> Table:
    frame = _named(_of(kpis, contract.transaction), councils)
    frame = frame.assign(unit=_units(frame["kpi"]), caveats=[" ".join(keys) for keys in frame["caveats"]])
    return Table(
        "kpis", contract.transaction, f"{contract.name}: key performance indicators",
        "Every released KPI of every council, by week, month or quarter.",
        (
            *_COUNCIL, _TRANSACTION, *_KPI, *_PERIOD,
            Column("numerator", "Numerator", "What the value is made of; empty where it is no fraction or sum.",
                   "number", required=False),
            Column("denominator", "Denominator", "Of how many; for hours to close, how many cases were closed.",
                   "number", required=False),
            Column("value", "Value", "The figure; empty where there was nothing to divide by or too little is known.",
                   "number", required=False, unit="as the column unit says"),
            _UNIT, _BASIS,
            Column("caveats", "Caveats", "What a reader must know: keys of caveats.csv, separated by a space.",
                   required=False),
        ),
        frame, period="week", keywords=(contract.name, "performance"), **_reach(frame),
    )  # fmt: skip


def _units(kpis: pd.Series) -> list[str]:
    return [KPIS[kpi].unit for kpi in kpis]


def _benchmarks(contract: Transaction, compared: pd.DataFrame) -> Table:
    frame = _ended(_of(compared, contract.transaction))
    frame = frame.assign(unit=_units(frame["kpi"]))
    quartile = partial(Column, type="number", unit="as the column unit says")
    return Table(
        "benchmarks", contract.transaction, f"{contract.name}: benchmarks",
        f"Median and quartiles of each KPI over all councils, those of a kind and those of a named group; never from "
        f"fewer than {FEWEST_COUNCILS}.",
        (
            _TRANSACTION,
            Column("comparison", "Comparison", "Over all councils, those of one tier, or a group that a council named.",
                   values=("all", "tier", "group")),
            Column("subject", "Which", "The tier, or the group as council/name; empty for all.", required=False),
            *_KPI, *_PERIOD, _UNIT, _BASIS,
            Column("councils", "Councils", "How many have the figure.", "integer", unit="councils",
                   least=FEWEST_COUNCILS),
            quartile("lower_quartile", "Lower quartile", "A quarter of the councils have at most this."),
            quartile("median", "Median", "Half of the councils have at most this."),
            quartile("upper_quartile", "Upper quartile", "Three quarters of the councils have at most this."),
        ),
        frame, period="week", keywords=(contract.name, "benchmark"), **_reach(frame),
    )  # fmt: skip


def _periods(contract: Transaction, periods: pd.DataFrame, councils: pd.DataFrame) -> Table:
    frame = _named(_of(periods, contract.transaction), councils)
    frame = frame.assign(count=frame["reports"], bank_holidays=["; ".join(days) for days in frame["bank_holidays"]])
    return Table(
        "periods", contract.transaction, f"{contract.name}: weeks and months",
        "What must be known to compare one week or month of a council with another.",
        (
            *_COUNCIL, _TRANSACTION, *_PERIOD,
            Column("count", "Count", "All transactions of the period.", "integer", unit="transactions", least=0),
            Column("working_days", "Working days", "Monday to Friday without bank holidays.", "integer",
                   required=False, unit="days", least=0),
            Column("bank_holidays", "Bank holidays", "Those of the council's part of the country, separated by `;`.",
                   required=False),
            Column("cycle_week", "Week of the round", "The week's place in the council's round of collections.",
                   "integer", required=False, least=1),
            Column("same_point", "Same place before", "First day of the newest earlier week at the same place.", "date",
                   required=False),
        ),
        frame, key=("council", "period_kind", "period_start"), period="week",
        keywords=(contract.name, "working days"), **_reach(frame),
    )  # fmt: skip


def _tables_of_all(figures: Figures, councils: pd.DataFrame) -> Iterator[Table]:
    whole = _released(figures.changes["changed_at"])
    about_all = partial(Table, folder="", **whole)
    codes = tuple(sorted(set(councils["gss_code"])))
    in_councils = {"council": ("councils", "council"), "transaction": ("transactions", "transaction")}
    found = [
        about_all(
            name="councils", title="Councils", means="The councils that take part.",
            columns=(
                *_COUNCIL,
                Column("former_gss_codes", "Former GSS codes", "Codes that it had before, separated by a space.",
                       required=False),
                Column("tier", "Tier", "What kind of council it is."),
                Column("nation", "Nation", "England, Wales, Scotland or Northern Ireland."),
                Column("region", "Region", "Region of England, or the nation.", required=False),
                Column("population", "Population", "The Office for National Statistics' mid-year estimate.", "integer",
                       required=False, unit="people", least=0),
            ),
            frame=councils, key=("council",), gss_codes=codes, keywords=("councils",),
        ),
        about_all(
            name="transactions", title="Transactions", means="The kinds of dealings with the public, as agreed.",
            columns=(
                _TRANSACTION,
                Column("transaction_name", "Name", "What it is called."),
                Column("lgsl", "LGSL", "Codes of the Local Government Service List, separated by a space."),
                Column("lgil", "LGIL", "Code of the Local Government Interaction List.", "integer", least=0),
                Column("provided_by", "Provided by", "Tiers of the councils whose task it is, separated by a space."),
            ),
            frame=_transactions(figures.contracts), key=("transaction",), keywords=("services",),
        ),
        about_all(
            name="offers", title="Who provides what",
            means="For each council and transaction: whether it is provided, and whether its figures are published.",
            columns=(
                *_COUNCIL, _TRANSACTION,
                Column("state", "State", "`shown`: its figures are here. `not-published`: it is provided and the "
                       "council has not released it. `awaited`: it is provided and no figures have come. "
                       "`not-provided`: the council does not do this.",
                       values=("shown", "not-published", "awaited", "not-provided")),
                Column("reason", "Reason", "Why the council does not provide it.", required=False),
                Column("not_supplied", "Not supplied", "KPIs that its records cannot give, separated by a space.",
                       required=False),
            ),
            frame=_named(
                figures.offers.assign(not_supplied=[" ".join(ones) for ones in figures.offers["not_supplied"]]),
                councils,
            ),
            key=("council", "transaction"), refers=in_councils, gss_codes=codes, keywords=("councils", "services"),
        ),
        about_all(
            name="kpi-definitions", title="Definitions of the KPIs", means="What each KPI means, by version.",
            columns=(
                *_KPI[:2],
                Column("title", "Title", "What it is called."),
                _UNIT,
                Column("unit_in_words", "Unit, in words", "What the unit means."),
                Column("better", "Better", "Which way is good; empty where neither is.", required=False,
                       values=("higher", "lower")),
                Column("definition", "Definition", "What it means, in a sentence."),
                Column("source", "Source", "Whose definition it is."),
            ),
            frame=_definitions(), key=("kpi", "version"), keywords=("definitions",),
        ),
        about_all(
            name="caveats", title="Caveats", means="What the keys of the column caveats mean.",
            columns=(
                Column("caveat", "Caveat", "The key.", values=tuple(CAVEATS)),
                Column("means", "Meaning", "What a reader must know."),
            ),
            frame=pd.DataFrame({"caveat": list(CAVEATS), "means": list(CAVEATS.values())}), key=("caveat",),
            keywords=("definitions",),
        ),
        about_all(
            name="changes", title="Change log", means="What became public, was revised or was withdrawn, newest first.",
            columns=(
                Column("changed_at", "Changed at", "When, in UTC.", "datetime"),
                *_COUNCIL, _TRANSACTION,
                Column("what", "What", "What happened to the figures.", values=("added", "revised", "withdrawn")),
                Column("data_set", "Data set", "Which file of the transaction's folder, without its ending."),
                Column("figures", "Figures", "How many.", "integer", unit="figures", least=1),
                Column("first_period", "First period", "First day of the earliest period with a change.", "date"),
                Column("last_period", "Last period", "First day of the latest period with a change.", "date"),
            ),
            frame=_named(figures.changes, councils), refers={"council": in_councils["council"]}, gss_codes=codes,
            keywords=("change log",),
        ),
    ]  # fmt: skip
    return (table for table in found if len(table.frame))


def _transactions(contracts: dict[str, Transaction]) -> pd.DataFrame:
    rows = [
        (slug, contract.name, " ".join(map(str, contract.lgsl)), contract.lgil, " ".join(contract.provided_by))
        for slug, contract in sorted(contracts.items())
    ]
    return pd.DataFrame(rows, columns=["transaction", "transaction_name", "lgsl", "lgil", "provided_by"])


def _definitions(only: Sequence[str] = tuple(KPIS)) -> pd.DataFrame:
    rows = [
        {
            "kpi": name, "version": version, "title": kpi.title, "unit": kpi.unit, "unit_in_words": _UNITS[kpi.unit],
            "better": kpi.better, "definition": kpi.means, "source": kpi.source,
        }
        for name, kpi in KPIS.items() if name in only
        for version in kpi.versions
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _package(contract: Transaction | None, members: list[Table], about: About) -> bytes:
    """Return the `datapackage.json` of a folder."""
    name = f"local-digital-{contract.transaction}" if contract else "local-digital"
    found: dict[str, Any] = {
        "name": name,
        "profile": "tabular-data-package",
        "title": contract.name if contract else about.title,
        "description": "Released figures of councils, all together." if contract else "What all tables share.",
        "licenses": [{"name": about.licence_id, "path": about.licence_url, "title": about.licence_name}],
        "sources": [{"title": about.source}],
        "contributors": [{"title": about.publisher, "role": "publisher"}],
        "keywords": sorted({word for table in members for word in table.keywords}),
    }
    if about.url:
        found["homepage"] = f"{about.url}data/"
    days = [(table.first_day, table.last_day) for table in members if table.first_day and table.last_day]
    if days:
        firsts, lasts = zip(*days, strict=True)
        found["temporal"] = {"start": min(firsts).isoformat(), "end": max(lasts).isoformat()}
    issued = [table.issued for table in members if table.issued]
    modified = [table.modified for table in members if table.modified]
    if issued and modified:
        found |= {"created": _moment(min(issued)), "modified": _moment(max(modified))}
    if contract:
        kpis = next((table.frame["kpi"] for table in members if table.name == "kpis"), pd.Series(dtype=str))
        found["definitions"] = json.loads(_definitions(tuple(set(kpis))).to_json(orient="records"))
    found["resources"] = [table.resource() for table in members]
    return (json.dumps(found, ensure_ascii=False, indent=2) + "\n").encode()


def _moment(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
