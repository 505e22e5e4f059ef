-- grain: one authority, current or former; written again only where the reference file changed it
insert into reference.authority as known (
    slug, name, official_name, gss_code, snac, register_code, tier, nation, region, county,
    valid_from, valid_until, replaced_by, population, population_year, source, source_date
)
select
    given.slug,
    given.name,
    given.official_name,
    given.gss_code,
    given.snac,
    given.register_code,
    given.tier,
    given.nation,
    given.region,
    given.county,
    given.valid_from,
    given.valid_until,
    string_to_array(given.replaced_by, ' '),
    given.population,
    given.population_year,
    cast(:source as text),
    cast(:source_date as date)
from
    unnest(
        cast(:slugs as text[]), cast(:names as text[]), cast(:official_names as text[]),
        cast(:gss_codes as text[]), cast(:snacs as text[]), cast(:register_codes as text[]),
        cast(:tiers as text[]), cast(:nations as text[]), cast(:regions as text[]), cast(:counties as text[]),
        cast(:first_days as date[]), cast(:last_days as date[]), cast(:successors as text[]),
        cast(:populations as integer[]), cast(:population_years as integer[])
    ) as given (
        slug, name, official_name, gss_code, snac, register_code, tier, nation, region, county,
        valid_from, valid_until, replaced_by, population, population_year
    )
on conflict (slug) do update set
    name = excluded.name,
    official_name = excluded.official_name,
    gss_code = excluded.gss_code,
    snac = excluded.snac,
    register_code = excluded.register_code,
    tier = excluded.tier,
    nation = excluded.nation,
    region = excluded.region,
    county = excluded.county,
    valid_from = excluded.valid_from,
    valid_until = excluded.valid_until,
    replaced_by = excluded.replaced_by,
    population = excluded.population,
    population_year = excluded.population_year,
    source = excluded.source,
    source_date = excluded.source_date
where (
    known.name, known.official_name, known.gss_code, known.snac, known.register_code,
    known.tier, known.nation, known.region, known.county, known.valid_from, known.valid_until,
    known.replaced_by, known.population, known.population_year, known.source, known.source_date
) is distinct from (
    excluded.name, excluded.official_name, excluded.gss_code, excluded.snac, excluded.register_code,
    excluded.tier, excluded.nation, excluded.region, excluded.county, excluded.valid_from, excluded.valid_until,
    excluded.replaced_by, excluded.population, excluded.population_year, excluded.source, excluded.source_date
)
