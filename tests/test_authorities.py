"""Every authority of the United Kingdom is known by one slug, and its codes, old and new, lead to who is in charge."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from pydantic import TypeAdapter
from sqlalchemy import create_engine, text

from local_digital.authorities import (
    SOURCE,
    SOURCE_DATE,
    authorities,
    authority_code_columns,
    authority_columns,
    resolve,
)
from local_digital.config.facts import Slug
from local_digital.config.models import Tier
from local_digital.migrations import migrate
from local_digital.settings import ROOT
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

_BY_SLUG = {one.slug: one for one in authorities()}
_CURRENT = [one for one in authorities() if one.current]


def test_no_authority_is_lost_or_there_twice() -> None:
    assert len(authorities()) == len(_BY_SLUG) == 470
    assert len(_CURRENT) == 397
    assert len({one.register_code for one in authorities()}) == 470


def test_every_slug_can_name_a_council_file() -> None:
    slug = TypeAdapter(Slug)
    for one in authorities():
        assert slug.validate_python(one.slug) == one.slug


def test_every_current_authority_has_a_gss_code_of_its_own() -> None:
    codes = [one.gss_code for one in _CURRENT]
    assert None not in codes
    assert len(set(codes)) == len(codes)


def test_no_code_belongs_to_two_authorities() -> None:
    codes = [code for one in authorities() for code in (one.gss_code, *one.former_gss_codes) if code]
    assert len(set(codes)) == len(codes)


def test_every_current_code_resolves_to_its_own_authority() -> None:
    for one in _CURRENT:
        assert resolve(str(one.gss_code)) is one


@pytest.mark.parametrize(
    ("former", "current", "slug"),
    [
        pytest.param("E10000023", "E06000065", "north-yorkshire", id="a county that became a unitary"),
        pytest.param("E10000027", "E06000066", "somerset", id="another one"),
        pytest.param("S12000015", "S12000047", "fife", id="the same authority under a new code"),
        pytest.param("S12000043", "S12000049", "glasgow", id="two codes ago"),
        pytest.param("E08000016", "E08000038", "barnsley", id="a moved border"),
        pytest.param("E08000019", "E08000039", "sheffield", id="its other side"),
        pytest.param("E07000005", "E06000060", "buckinghamshire", id="a district that was merged"),
        pytest.param("E07000190", "E06000066", "somerset", id="a district that was merged twice"),
    ],
)
def test_a_former_code_leads_to_the_authority_in_charge(former: str, current: str, slug: str) -> None:
    found = resolve(former)
    assert found is resolve(current)
    assert found is _BY_SLUG[slug]
    assert found.gss_code == current


@pytest.mark.parametrize("code", ["E10000006", "E10000021"])
def test_a_split_county_leads_to_nobody(code: str) -> None:
    county = next(one for one in authorities() if one.gss_code == code)
    assert len(county.replaced_by) == 2
    assert resolve(code) is None


@pytest.mark.parametrize("code", ["E99999999", "", "solihull", "e08000029", "SOL", "00CT"])
def test_an_unknown_code_resolves_to_nothing(code: str) -> None:
    assert resolve(code) is None


def test_every_tier_of_councils_appears_and_no_other_but_combined() -> None:
    # A transport executive has a council file and is no authority.
    assert {one.tier for one in authorities()} == ({*Tier} - {"transport-executive"}) | {"combined"}


def test_361_current_authorities_collect_waste() -> None:
    assert sum(one.tier not in {"county", "combined"} for one in _CURRENT) == 361


def test_every_nation_appears_with_its_own_codes() -> None:
    letters = {(one.nation, one.gss_code[0]) for one in authorities() if one.gss_code}
    assert letters == {("england", "E"), ("wales", "W"), ("scotland", "S"), ("northern-ireland", "N")}


def test_populations_are_positive_and_of_a_year_in_which_the_authority_existed() -> None:
    for one in authorities():
        assert (one.population is None) == (one.population_year is None)
        if one.population is not None and one.population_year is not None:
            assert one.population > 0
            assert one.valid_until is None or one.valid_until >= dt.date(one.population_year, 6, 30)
    without = {one.slug for one in _CURRENT if one.population is None}
    assert {_BY_SLUG[slug].tier for slug in without} == {"combined"}


def test_districts_of_two_tiers_lie_in_a_county_of_their_own_time_and_region() -> None:
    for one in authorities():
        assert (one.county is not None) == (one.tier == "district" and one.nation == "england")
        if one.county:
            county = _BY_SLUG[one.county]
            assert county.tier == "county"
            assert county.region == one.region
            assert county.current or not one.current


def test_a_successor_takes_over_the_day_after() -> None:
    for former in authorities():
        for slug in former.replaced_by:
            assert former.valid_until
            assert _BY_SLUG[slug].valid_from == former.valid_until + dt.timedelta(days=1)


def test_solihull_is_as_its_council_file_says() -> None:
    solihull = _BY_SLUG["solihull"]
    assert solihull.official_name == "Solihull Metropolitan Borough Council"
    assert (solihull.gss_code, solihull.snac, solihull.register_code) == ("E08000029", "00CT", "SOL")
    assert (solihull.tier, solihull.nation, solihull.region) == (Tier.METROPOLITAN, "england", "West Midlands")


def test_the_warehouse_is_told_the_source_and_date_that_the_readme_names() -> None:
    readme = (ROOT / "include" / "local_digital" / "reference" / "README.md").read_text("utf-8")
    name, _, licence = SOURCE.removesuffix(", changed").rpartition(", ")
    assert f"Source: {name}" in readme
    assert f"Licence: {licence}. Taken: {SOURCE_DATE}. Changed" in readme


@pytest.fixture
def warehouse(database_url: str) -> Iterator[Engine]:
    """A migrated warehouse."""
    migrate(database_url)
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def _bring_in(engine: Engine) -> tuple[int, int]:
    with engine.begin() as db:
        written = db.execute(statement("reference/authority"), authority_columns()).rowcount
        return written, db.execute(statement("reference/authority_code"), authority_code_columns()).rowcount


def test_bringing_authorities_into_the_warehouse_twice_writes_nothing_the_second_time(warehouse: Engine) -> None:
    _bring_in(warehouse)
    assert _bring_in(warehouse) == (0, 0)
    with warehouse.connect() as db:
        assert db.scalar(text("select count(*) from reference.authority")) == 470
        assert db.scalar(text("select count(*) from reference.authority_code where current")) == 397
        assert db.scalar(text("select count(distinct source_date) from reference.authority")) == 1


def test_only_what_changed_is_written_again(warehouse: Engine) -> None:
    _bring_in(warehouse)
    with warehouse.begin() as db:
        db.execute(text("update reference.authority set population = null, population_year = null where slug = 'fife'"))
        db.execute(text("update reference.authority set replaced_by = '{}' where slug = 'cumbria'"))
        db.execute(text("update reference.authority_code set in_charge = null where code = 'S12000015'"))
    assert _bring_in(warehouse) == (2, 1)


def test_the_warehouse_resolves_codes_as_the_core_does(warehouse: Engine) -> None:
    _bring_in(warehouse)
    with warehouse.connect() as db:
        known = db.execute(text("select code, in_charge, current from reference.authority_code")).all()
    assert len(known) == 460
    for code, in_charge, current in known:
        found = resolve(code)
        assert in_charge == (found.slug if found else None)
        assert current == (found is not None and found.gss_code == code)


def test_readers_see_authorities_and_no_other_reference_table(warehouse: Engine) -> None:
    privileges = text("select has_table_privilege('local_digital_reader', :name, 'select')")
    schema = text("select has_schema_privilege('local_digital_reader', 'reference', 'usage')")
    with warehouse.connect() as db:
        assert db.scalar(schema)
        assert db.scalar(privileges, {"name": "reference.authority"})
        assert db.scalar(privileges, {"name": "reference.authority_code"})
        assert not db.scalar(privileges, {"name": "reference.working_day"})
