-- grain: one authority of the United Kingdom, current or former (include/local_digital/reference/README.md)
create table reference.authority (
    slug text primary key check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name text not null,
    official_name text not null,
    gss_code text unique check (gss_code ~ '^[EWSN][0-9]{8}$'),
    snac text,
    register_code text not null unique,
    tier text not null
    check (tier in ('county', 'district', 'unitary', 'metropolitan', 'london-borough', 'combined')),
    nation text not null check (nation in ('england', 'wales', 'scotland', 'northern-ireland')),
    region text not null,
    -- The county council whose area a district lies in.
    county text references reference.authority,
    valid_from date,
    -- The last day; empty while the authority exists.
    valid_until date,
    -- Slugs; two or more where the area was split.
    replaced_by text[] not null,
    population integer check (population > 0),
    population_year integer,
    source text not null,
    source_date date not null,
    check (valid_from <= valid_until),
    check ((population is null) = (population_year is null)),
    constraint only_districts_lie_in_counties check (county is null or tier = 'district'),
    constraint current_has_a_code check (gss_code is not null or valid_until is not null),
    constraint current_has_no_successor check (replaced_by = '{}' or valid_until is not null)
);
grant usage on schema reference to local_digital_reader;
grant select on reference.authority to local_digital_reader;
