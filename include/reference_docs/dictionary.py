"""docs/data-dictionary.md: the fields and their values by contract, and the tables that readers see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from local_digital.fields import ALWAYS_REQUIRED, FIELDS, MEANS, POINTS_TO_A_PERSON, Kind
from reference_docs.markdown import code, page, paragraph, table

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from local_digital.config.models import ContractField, DataSet, Label, Transaction

_STORED = {
    Kind.REF: "text",
    Kind.INSTANT: "moment, with its time zone",
    Kind.LABEL: "word",
    Kind.NUMBER: "whole number",
    Kind.MONEY: "pounds, to the penny",
    Kind.KEY: "HMAC-SHA256",
}
_INTRODUCTION = """
What a record holds, which values it may have by the contract of each transaction, and what the columns mean that
people and reports read. The KPIs have [a page of their own](kpis.md).
"""
_FIELDS = """
All that a row may hold; a contract picks from these. Names, addresses, e-mails, phone numbers and free text have no
field, and so no way into the warehouse. **Person**: whether somebody can get from it to a person. A *pseudonym* tells
nothing by itself; the council, or whoever has its secret, can find the case by it.
"""
_READERS = """
What the role `local_digital_reader` sees, with the comments that the database itself has (psql: `\\d+ marts.kpi`).
`marts` has every figure, small counts included, and is for the councils' own people and ours; `open_data` is what the
public may see.
"""
_OF_DELIVERIES = {"event_at": "event logs of any", "period": "counts of any", "count": "counts of any"}
_EFFECTS = {
    "digital": "digital",
    "assisted": "keyed by staff for somebody",
    "closes": "nothing more is to be done",
    "upheld": "the report was right",
    "sensitive": "tells of somebody's health: withheld up to a higher count",
}


def dictionary_page(contracts: dict[str, Transaction], engine: Engine) -> str:
    """Return the page. contracts: by slug. engine: of a migrated warehouse, of which only the catalogue is read."""
    parts = [paragraph(_INTRODUCTION), "## Fields of a record", paragraph(_FIELDS), _fields(contracts)]
    parts += ["## Contracts"]
    for contract in contracts.values():
        parts += [f"### {contract.name}", *_contract(contract)]
    parts += ["## Tables that readers see", paragraph(_READERS), *_tables(engine)]
    made_from = "`include/transactions/`, `include/local_digital/fields.py` and the comments in `sql/migrations/`"
    return page("Data dictionary", made_from, *parts)


def _fields(contracts: dict[str, Transaction]) -> str:
    rows = []
    for name, kind in FIELDS.items():
        users = [slug for slug, contract in contracts.items() if name in contract.fields]
        users_told = _OF_DELIVERIES.get(name) or code(users)
        if name in ALWAYS_REQUIRED:
            users_told = "all of them, required"
        person = "pseudonym" if name in POINTS_TO_A_PERSON else "no"
        rows.append((f"`{name}`", MEANS[name], _STORED[kind], person, users_told))
    return table(("Field", "What it says", "Kept as", "Person", "In the contracts"), rows)


def _contract(contract: Transaction) -> list[str]:
    lists = {name: field for name, field in contract.fields.items() if field.values}
    facts = (
        f"`{contract.transaction}`. Service (LGSL) {' and '.join(map(str, contract.lgsl))}, interaction (LGIL) "
        f"{contract.lgil}. A task of: {', '.join(tier.replace('-', ' ') for tier in contract.provided_by)}; in "
        f"{', '.join(nation.replace('-', ' ').title() for nation in contract.nations)}."
    )
    return [
        paragraph(facts),
        table(("Field", "Required", "Values"), (_field(contract, *each) for each in contract.fields.items())),
        *(
            table((f"`{name}`", "Name", "What it means here"), (_value(*each) for each in field.values.items()))
            for name, field in lists.items()
        ),
        "Data sets:",
        table(
            ("Data set", "By", "Holds", "Withheld"),
            ((f"`{name}`", data_set.period, _holds(data_set), _withheld(contract, data_set))
             for name, data_set in contract.data_sets.items()),
        ),
    ]  # fmt: skip


def _field(contract: Transaction, name: str, field: ContractField) -> tuple[str, str, str]:
    if field.values:
        values = f"one of {len(field.values)}, below"
    else:
        values = "the council's own words" if FIELDS[name] is Kind.LABEL else _STORED[FIELDS[name]]
    broken_down = " (breakdown)" if name in contract.breakdowns else ""
    return f"`{name}`{broken_down}", "yes" if field.required else "", values


def _value(value: str, label: Label) -> tuple[str, str, str]:
    effects = [told for effect, told in _EFFECTS.items() if getattr(label, effect)]
    if not label.demand:
        effects.append("not counted as demand")
    if not label.completed:
        effects.append("begun and given up")
    return f"`{value}`", label.name, "; ".join(effects)


def _holds(data_set: DataSet) -> str:
    if data_set.availability:
        return "how long the council's page was up"
    if data_set.kpi:
        return f"KPI `{data_set.kpi}`, version {data_set.version}"
    return "counts by " + " and ".join(f"`{name}`" for name in (data_set.breakdown, data_set.across) if name)


def _withheld(contract: Transaction, data_set: DataSet) -> str:
    if not data_set.threshold:
        return "nothing"
    broken_down = [contract.fields[name] for name in (data_set.breakdown, data_set.across) if name]
    sensitive = any(label.sensitive for field in broken_down for label in field.values.values())
    more = f", of sensitive values 1 to {data_set.sensitive_threshold - 1}" if sensitive else ""
    return f"counts of 1 to {data_set.threshold - 1}{more}"


_COLUMNS = text("""
    select
        columns.table_schema || '.' || columns.table_name as of_table,
        obj_description(relation.oid, 'pg_class') as about,
        columns.column_name as name,
        format_type(attribute.atttypid, attribute.atttypmod) as type,
        attribute.attnotnull or relation.relkind = 'v' as filled,
        relation.relkind = 'v' as is_view,
        col_description(relation.oid, attribute.attnum) as means
    from information_schema.columns
    inner join pg_class as relation
        on relation.oid = to_regclass(format('%I.%I', columns.table_schema, columns.table_name))
    inner join pg_attribute as attribute
        on attribute.attrelid = relation.oid and attribute.attname = columns.column_name
    where
        columns.table_schema in ('marts', 'open_data', 'reference')
        and has_table_privilege('local_digital_reader', relation.oid, 'select')
    order by columns.table_schema, columns.table_name, columns.ordinal_position
""")


def _tables(engine: Engine) -> list[str]:
    with engine.connect() as db:
        columns = db.execute(_COLUMNS).all()
    parts: list[str] = []
    for name in dict.fromkeys(column.of_table for column in columns):
        own = [column for column in columns if column.of_table == name]
        # Of a view nobody can say whether a column may be empty.
        parts += [
            f"### {name}",
            paragraph(f"{own[0].about}.{' A view.' if own[0].is_view else ''}"),
            table(
                ("Column", "Type", "What it says"),
                ((f"`{column.name}`", column.type if column.filled else f"{column.type}, may be empty", column.means)
                 for column in own),
            ),
        ]  # fmt: skip
    return parts
