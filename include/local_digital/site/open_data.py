"""The released figures as tidy tables, with what a reader must know to use them: docs/open-data.md.

A cell of a CSV that begins like a spreadsheet's formula has an apostrophe before it, since wards and branches are the
councils' own words; in the JSON it is as the council wrote it.
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from local_digital.authorities import resolve
from local_digital.calendar import period_end
from local_digital.errors import ConfigurationError
from local_digital.fields import UNMAPPED
from local_digital.kpis import CAVEATS, KPIS
from local_digital.offers import labels
from local_digital.site.benchmarks import FEWEST_COUNCILS
from local_digital.site.rows import Rows
from local_digital.site.tables import FORMS, Column, Form, Made, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from local_digital.config.models import DataSet, Transaction
    from local_digital.site.about import About
    from local_digital.site.figures import Dates, FeedFigures, Figures

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
           agreed=("week", "month", "quarter")),
    Column("period_start", "First day", "The period's first day, on the London calendar.", "date"),
    Column("period_end", "Last day", "The period's last day, on the London calendar.", "date"),
)  # fmt: skip
_KPI = (
    Column("kpi", "KPI", "The figure's name: see kpi-definitions.csv.", agreed=tuple(KPIS)),
    Column("version", "Version", "Of the KPI's definition; figures of different versions are not comparable."),
    Column("label", "Channel", "The channel, for channel-mix; empty for figures of all channels.", required=False),
)
_UNIT = Column("unit", "Unit", "What the value counts.", agreed=tuple(_UNITS))
_BASIS = Column(
    "basis", "Basis", "`estimated` where something in the formula is an estimate. Not comparable with `full`.",
    agreed=("full", "estimated"),
)  # fmt: skip


class Named(NamedTuple):
    """A council as the tables name it. gss_code: of today."""

    council: str
    council_name: str
    gss_code: str
    former_gss_codes: str


@dataclass(frozen=True)
class Piece:
    """What the table of all councils has of one council.

    rows: how many. first_day, last_day: of what they tell. found: the values of each column that has agreed ones.
    lines: its rows by form, as a gzip member of their own: a file may hold many of them behind each other.
    """

    table: str
    rows: int
    first_day: dt.date | None
    last_day: dt.date | None
    found: dict[str, list[str]]
    lines: dict[Form, bytes]

    def told(self) -> dict[str, Any]:
        """Return it as JSON, without the lines."""
        days = [day.isoformat() if day else None for day in (self.first_day, self.last_day)]
        return {"rows": self.rows, "days": days, "found": self.found}

    @classmethod
    def of_told(cls, table: str, told: Mapping[str, Any]) -> Piece:
        """Return what was told of one."""
        first, last = (dt.date.fromisoformat(day) if day else None for day in told["days"])
        return cls(table, told["rows"], first, last, told["found"], {})


def named_councils(councils: pd.DataFrame) -> dict[str, Named]:
    """Return how the tables name every council, by slug, in the order of their names."""
    frame = with_codes(councils)
    rows = zip(*(frame[name].tolist() for name in Named._fields), strict=True)
    return {row[0]: Named(*row) for row in rows}


def with_codes(councils: pd.DataFrame) -> pd.DataFrame:
    """Return councils with `gss_code` of today and `former_gss_codes` in place of the code that their files have."""
    today: list[str] = []
    former: list[str] = []
    for code in councils["gss_code"]:
        authority = resolve(code)
        same = authority is not None and code in authority.former_gss_codes
        today.append(authority.gss_code if authority is not None and same and authority.gss_code else code)
        former.append(" ".join(authority.former_gss_codes) if authority is not None else "")
    return councils.assign(council_name=councils["name"], gss_code=today, former_gss_codes=former)


def council_tables(contract: Transaction, feed: FeedFigures, council: Named, dates: Dates | None) -> list[Table]:
    """Return the tables of one council's transaction that have rows.

    Raises ConfigurationError where a contract's data set has the name of another file.
    """
    found = [*_counts(contract, feed.volumes, council), _kpis(contract, feed.kpis, council)]
    found.append(_periods(contract, feed.periods, council))
    told = _dates(dates)
    folder = f"{contract.transaction}/{council.council}"
    return [replace(table, folder=folder, **told, **_reach(table, council)) for table in found if len(table)]


def pieces(tables: Iterable[Table]) -> list[Piece]:
    """Return what the tables of all councils have of one council's tables."""
    return [
        Piece(
            table.name, len(table), table.first_day, table.last_day,
            {one.name: table.rows.present(one.name) for one in table.columns if one.agreed},
            {form: _packed(table.lines(form)) for form in FORMS},
        )
        for table in tables
    ]  # fmt: skip


def whole_tables(
    contract: Transaction, members: Mapping[str, Sequence[Piece]], councils: Mapping[str, Named], dates: Dates | None
) -> list[Table]:
    """Return the tables of all councils that have rows, without these: they are put together from pieces.

    members: the pieces by council, in the order in which the rows stand.
    """
    nothing = Rows.empty("data_set", "kpi", "period_kind", "label", "across_label")
    shapes = [*_counts(contract, nothing, None), _kpis(contract, nothing, None), _periods(contract, nothing, None)]
    told = _dates(dates)
    found = []
    for shape in shapes:
        having = {slug: one for slug, ones in members.items() for one in ones if one.table == shape.name}
        if not having:
            continue
        values: dict[str, set[str]] = {}
        for one in having.values():
            for name, present in one.found.items():
                values.setdefault(name, set()).update(present)
        found.append(replace(
            shape,
            columns=tuple(_with_values(column, values.get(column.name, set())) for column in shape.columns),
            frame=None, packed=True, height=sum(one.rows for one in having.values()),
            first_day=min((one.first_day for one in having.values() if one.first_day), default=None),
            last_day=max((one.last_day for one in having.values() if one.last_day), default=None),
            gss_codes=tuple(sorted({councils[slug].gss_code for slug in having})),
            used=tuple(sorted(values.get("kpi", ()))), **told,
        ))  # fmt: skip
    return found


def put_together(table: Table, form: Form, lines: Iterable[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    """Return a table of all councils, and where in it each piece is (offset and length); tell the table its size.

    lines: those of its pieces in this form, in the order of the councils.
    """
    begin, between, end = (table.heading(), b"", b"") if form == "csv" else (b"[\n", b",\n", b"\n]\n")
    parts = [_packed(begin)]
    place = len(parts[0])
    spans = []
    apart = _packed(between) if between else b""
    for number, piece in enumerate(lines):
        if number:
            parts.append(apart)
            place += len(apart)
        parts.append(piece)
        spans.append((place, len(piece)))
        place += len(piece)
    made = b"".join([*parts, _packed(end)] if end else parts)
    table.sizes[form] = Made.of(made)
    return made, spans


def _packed(text: bytes) -> bytes:
    # Without a time, so that equal rows give equal bytes; the fastest way, since most of the text is the same.
    packing = zlib.compressobj(level=1, wbits=31)
    return packing.compress(text) + packing.flush()


def _with_values(column: Column, found: set[str]) -> Column:
    return replace(column, agreed=(*column.agreed, *sorted(found - set(column.agreed)))) if column.agreed else column


def last_days(rows: Rows) -> Any:
    """Return the last day of each period, of rows with its kind (`week`, `month`, `quarter`) and first day."""
    return rows.paired(
        "period_kind", "period_start", lambda kind, start: period_end(kind, start) - dt.timedelta(days=1)
    )


def _named(frame: pd.DataFrame, councils: pd.DataFrame) -> pd.DataFrame:
    """Add name and code to rows about councils."""
    return frame.merge(councils[["council", "council_name", "gss_code"]], on="council", how="inner", sort=False)


def _dates(dates: Dates | None) -> dict[str, Any]:
    return {"issued": dates.issued, "modified": dates.modified} if dates else {}


def _reach(table: Table, council: Named) -> dict[str, Any]:
    """Return what a table says of the time and the council that its rows are about."""
    first, last = table.rows.present("period_start"), table.rows.present("period_end")
    return {"first_day": min(first), "last_day": max(last), "gss_codes": (council.gss_code,)}


def _of(rows: Rows, contract: Transaction, council: Named | None, **more: Any) -> Rows:
    """Return rows with their council, transaction and last day, and with more columns."""
    if council is None:
        return rows
    return rows.also(
        council=council.council, council_name=council.council_name, gss_code=council.gss_code,
        transaction=contract.transaction, period_end=last_days(rows), **more,
    )  # fmt: skip


def _counts(contract: Transaction, volumes: Rows, council: Named | None) -> Iterator[Table]:
    for name, data_set in contract.data_sets.items():
        if data_set.breakdown is None:
            continue
        if name in _OTHER_FILES:
            raise ConfigurationError(
                f"transaction {contract.transaction}", expected=f"no data set called {' or '.join(_OTHER_FILES)}",
                found=f"`{name}`", action="Give it another name: the open data has a file that is called so.",
            )  # fmt: skip
        rows = volumes.where("data_set", name)
        dimensions: list[Column] = []
        for field, source in ((data_set.breakdown, "label"), (data_set.across, "across_label")):
            if field is None:
                continue
            columns, values = _dimension(contract, field, rows, source)
            dimensions += columns
            rows = rows.also(**values)
        by = " and ".join(_words(field) for field in (data_set.breakdown, data_set.across) if field)
        yield Table(
            name, contract.transaction, f"{contract.name}: by {by}, each {data_set.period}",
            _what_counts_are(contract, by, data_set, council),
            (
                *_COUNCIL, _TRANSACTION, *_PERIOD, *dimensions,
                Column("count", "Count", "How many there were; empty where that is withheld. Zero is zero.", "integer",
                       required=False, unit="transactions", least=0),
                Column("state", "State", "Whether the count is shown, or withheld since it or another one is small.",
                       agreed=("shown", "withheld")),
            ),
            _of(rows, contract, council, **({"count": rows["reports"]} if council else {})),
            key=("council", "period_start", *filter(None, (data_set.breakdown, data_set.across))),
            period=data_set.period if data_set.period != "hour" else None,
            keywords=(contract.name, *(_words(field) for field in (data_set.breakdown, data_set.across) if field)),
        )  # fmt: skip


def _what_counts_are(contract: Transaction, by: str, data_set: DataSet, council: Named | None) -> str:
    whose = f"of {council.council_name}" if council else "all councils together"
    said = f"Transactions of each {data_set.period} by {by}, {whose}."
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


def _dimension(contract: Transaction, field: str, rows: Rows, source: str) -> tuple[list[Column], dict[str, Any]]:
    """Return the columns of one breakdown and their cells: value and name, or the council's word alone."""
    title = _words(field).capitalize()
    found = rows.cells(source)
    agreed = contract.fields[field].values  # noqa: PD011 - a contract's, not a frame's
    if not agreed:
        return [Column(field, title, "In the council's own words.")], {field: found}
    names = {UNMAPPED: "Not mapped yet", **{value: label.name for value, label in agreed.items()}}
    others = sorted(set(rows.present(source)) - names.keys())
    return (
        [
            Column(
                field,
                title,
                "By the value agreed among the councils, which stays the same.",
                agreed=(*names, *others),
            ),
            Column(f"{field}_name", f"{title}, in words", "What the value is called."),
        ],
        {field: found, f"{field}_name": found.mapped(lambda label: names.get(label, label))},
    )


def _kpis(contract: Transaction, kpis: Rows, council: Named | None) -> Table:
    # Figures of a KPI that is defined no more stay released until the council's next release.
    kpis = kpis.where("kpi", *KPIS)
    more = {}
    if council:
        more = {
            "unit": kpis.cells("kpi").mapped(lambda kpi: KPIS[kpi].unit if kpi in KPIS else ""),
            "caveats": kpis.cells("caveats").mapped(" ".join),
        }
    return Table(
        "kpis", contract.transaction, f"{contract.name}: key performance indicators",
        f"Every released KPI of {council.council_name if council else 'every council'}, by week, month or quarter.",
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
        _of(kpis, contract, council, **more), period="week", keywords=(contract.name, "performance"),
        used=tuple(sorted(kpis.present("kpi"))),
    )  # fmt: skip


def benchmark_table(contract: Transaction, compared: Rows, dates: Dates | None) -> Table:
    """Return the table of the benchmarks of a transaction. compared: in the columns of `benchmarks.benchmarks`."""
    rows = compared
    if len(rows):
        unit = rows.cells("kpi").mapped(lambda kpi: KPIS[kpi].unit if kpi in KPIS else "")
        rows = rows.also(transaction=contract.transaction, period_end=last_days(rows), unit=unit)
    days = (rows.present("period_start"), rows.present("period_end")) if len(rows) else ()
    reach: dict[str, Any] = {"first_day": min(days[0]), "last_day": max(days[1])} if days else {}
    told = _dates(dates)
    quartile = partial(Column, type="number", unit="as the column unit says")
    return Table(
        "benchmarks", contract.transaction, f"{contract.name}: benchmarks",
        f"Median and quartiles of each KPI over all councils, those of a kind and those of a named group; never from "
        f"fewer than {FEWEST_COUNCILS}.",
        (
            _TRANSACTION,
            Column("comparison", "Comparison", "Over all councils, those of one tier, or a group that a council named.",
                   agreed=("all", "tier", "group")),
            Column("subject", "Which", "The tier, or the group as council/name; empty for all.", required=False),
            *_KPI, *_PERIOD, _UNIT, _BASIS,
            Column("councils", "Councils", "How many have the figure.", "integer", unit="councils",
                   least=FEWEST_COUNCILS),
            quartile("lower_quartile", "Lower quartile", "A quarter of the councils have at most this."),
            quartile("median", "Median", "Half of the councils have at most this."),
            quartile("upper_quartile", "Upper quartile", "Three quarters of the councils have at most this."),
        ),
        rows, period="week", keywords=(contract.name, "benchmark"), **reach, **told,
    )  # fmt: skip


def _periods(contract: Transaction, periods: Rows, council: Named | None) -> Table:
    more = (
        {"count": periods["reports"], "bank_holidays": periods.cells("bank_holidays").mapped("; ".join)}
        if council
        else {}
    )
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
        _of(periods, contract, council, **more), key=("council", "period_kind", "period_start"), period="week",
        keywords=(contract.name, "working days"),
    )  # fmt: skip


def shared_tables(figures: Figures, changes: pd.DataFrame, dates: Dates | None) -> list[Table]:
    """Return the tables about all councils and transactions that have rows. changes: all; dates: of all figures."""
    councils = with_codes(figures.councils)
    whole = _dates(dates)
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
                       agreed=("shown", "not-published", "awaited", "not-provided")),
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
                       agreed=("higher", "lower")),
                Column("definition", "Definition", "What it means, in a sentence."),
                Column("source", "Source", "Whose definition it is."),
            ),
            frame=_definitions(), key=("kpi", "version"), keywords=("definitions",),
        ),
        about_all(
            name="caveats", title="Caveats", means="What the keys of the column caveats mean.",
            columns=(
                Column("caveat", "Caveat", "The key.", agreed=tuple(CAVEATS)),
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
                Column("what", "What", "What happened to the figures.", agreed=("added", "revised", "withdrawn")),
                Column("data_set", "Data set", "Which file of the transaction's folder, without its ending."),
                Column("figures", "Figures", "How many.", "integer", unit="figures", least=1),
                Column("first_period", "First period", "First day of the earliest period with a change.", "date"),
                Column("last_period", "Last period", "First day of the latest period with a change.", "date"),
            ),
            frame=_named(changes, councils), refers={"council": in_councils["council"]}, gss_codes=codes,
            keywords=("change log",),
        ),
    ]  # fmt: skip
    return [table for table in found if len(table)]


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


def package(
    contract: Transaction | None, members: Sequence[Table], about: About, council: Named | None = None
) -> bytes:
    """Return the `datapackage.json` of a folder. council: whose folder it is, None where it is about all of them."""
    name = f"local-digital-{contract.transaction}" if contract else "local-digital"
    title = contract.name if contract else about.title
    whose = "Released figures of councils, all together." if contract else "What all tables share."
    if council:
        name, title = f"{name}-{council.council}", f"{title}: {council.council_name}"
        whose = f"Figures that {council.council_name} has released."
    found: dict[str, Any] = {
        "name": name,
        "profile": "tabular-data-package",
        "title": title,
        "description": whose,
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
        used = [kpi for table in members for kpi in table.used]
        found["definitions"] = _definitions(used).to_dict("records")
    found["resources"] = [table.resource() for table in members]
    return (json.dumps(found, ensure_ascii=False, indent=2) + "\n").encode()


def _moment(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
