"""The authorities of the United Kingdom, current and former, and which of them a GSS code means today.

The facts are in `reference/authorities.csv`; their source and what was changed, in the README beside it. Light imports
only: reading it all takes about 3 ms, once a process.
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = "mySociety, UK local authority names and codes, CC BY 4.0, changed"
SOURCE_DATE = dt.date(2026, 11, 25)
_FILE = Path(__file__).with_name("reference") / "authorities.csv"


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority, current or former.

    slug: as in its URL on GOV.UK, the name of its council file. gss_code: its own, None for the districts of Northern
    Ireland before 2015. former_gss_codes: codes that the same authority had before. tier: a tier of council files, or
    `combined`. county: slug of the county council whose area a district lies in. valid_from: first day, None when not
    known. valid_until: last day, None while it exists. replaced_by: slugs of its successors, two or more where its area
    was split. population: mid-year estimate of population_year, None when not given.
    """

    slug: str
    name: str
    official_name: str
    gss_code: str | None
    former_gss_codes: tuple[str, ...]
    snac: str | None
    register_code: str
    tier: str
    nation: str
    region: str
    county: str | None
    valid_from: dt.date | None
    valid_until: dt.date | None
    replaced_by: tuple[str, ...]
    population: int | None
    population_year: int | None

    @property
    def current(self) -> bool:
        """Whether the authority exists; one whose end is known is former, even before that day."""
        return self.valid_until is None


@cache
def authorities() -> tuple[Authority, ...]:
    """Return all authorities, current and former, in the order of their slugs."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(_authority(row) for row in csv.DictReader(file))


def resolve(code: str) -> Authority | None:
    """Return the authority in charge today of what a GSS code, current or former, stood for.

    A former authority leads to its only successor, over several steps if need be. None for an unknown code, and for a
    former authority whose area was split (Cumbria, Northamptonshire): its figures belong to no single successor.
    """
    return _in_charge_by_code().get(code)


def called(slug: str) -> Authority | None:
    """Return the authority of this slug, None when there is none or it exists no more."""
    return next((one for one in authorities() if one.slug == slug and one.current), None)


def authority_columns() -> dict[str, object]:
    """Return what `sql/reference/authority.sql` binds: one list a column, in the order of `authorities`, and source.

    Several successors are one text with spaces, since PostgreSQL's `unnest` takes no list of lists.
    """
    known = authorities()
    return {
        "slugs": [one.slug for one in known],
        "names": [one.name for one in known],
        "official_names": [one.official_name for one in known],
        "gss_codes": [one.gss_code for one in known],
        "snacs": [one.snac for one in known],
        "register_codes": [one.register_code for one in known],
        "tiers": [one.tier for one in known],
        "nations": [one.nation for one in known],
        "regions": [one.region for one in known],
        "counties": [one.county for one in known],
        "first_days": [one.valid_from for one in known],
        "last_days": [one.valid_until for one in known],
        "successors": [" ".join(one.replaced_by) for one in known],
        "populations": [one.population for one in known],
        "population_years": [one.population_year for one in known],
        "source": SOURCE,
        "source_date": SOURCE_DATE,
    }


def authority_code_columns() -> dict[str, object]:
    """Return what `sql/reference/authority_code.sql` binds: one list a column; run `reference/authority` before it."""
    held = [(code, one) for one in authorities() for code in _codes(one)]
    in_charge = [resolve(code) for code, _ in held]
    return {
        "codes": [code for code, _ in held],
        "slugs": [one.slug for _, one in held],
        "currents": [one.current and code == one.gss_code for code, one in held],
        "in_charge": [one.slug if one else None for one in in_charge],
    }


@cache
def _in_charge_by_code() -> dict[str, Authority | None]:
    by_slug = {one.slug: one for one in authorities()}
    return {code: _in_charge(one, by_slug) for one in authorities() for code in _codes(one)}


def _in_charge(authority: Authority, by_slug: dict[str, Authority]) -> Authority | None:
    while not authority.current:
        if len(authority.replaced_by) != 1:
            return None
        authority = by_slug[authority.replaced_by[0]]
    return authority


def _codes(authority: Authority) -> tuple[str, ...]:
    own = (authority.gss_code,) if authority.gss_code else ()
    return (*own, *authority.former_gss_codes)


def _authority(row: dict[str, str]) -> Authority:
    return Authority(
        slug=row["slug"],
        name=row["name"],
        official_name=row["official_name"],
        gss_code=row["gss_code"] or None,
        former_gss_codes=tuple(row["former_gss_codes"].split()),
        snac=row["snac"] or None,
        register_code=row["register_code"],
        tier=row["tier"],
        nation=row["nation"],
        region=row["region"],
        county=row["county"] or None,
        valid_from=_day(row["valid_from"]),
        valid_until=_day(row["valid_until"]),
        replaced_by=tuple(row["replaced_by"].split()),
        population=_number(row["population"]),
        population_year=_number(row["population_year"]),
    )


def _day(cell: str) -> dt.date | None:
    return dt.date.fromisoformat(cell) if cell else None


def _number(cell: str) -> int | None:
    return int(cell) if cell else None
