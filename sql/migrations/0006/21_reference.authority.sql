-- grain: one authority of the United Kingdom, current or former
-- Now with a comment on every column.
comment on table reference.authority is
'Authorities of the United Kingdom, current and former (include/local_digital/reference/README.md)';
comment on column reference.authority.slug is
'its name in lower case with hyphens';
comment on column reference.authority.name is
'its short name';
comment on column reference.authority.official_name is
'its name in full';
comment on column reference.authority.gss_code is
'its present code, or its last one';
comment on column reference.authority.snac is
'its code in the older register';
comment on column reference.authority.register_code is
'its code in the register of local authorities';
comment on column reference.authority.tier is
'county, district, unitary, metropolitan, london-borough or combined';
comment on column reference.authority.nation is
'england, wales, scotland or northern-ireland';
comment on column reference.authority.region is
'region of England, or the nation';
comment on column reference.authority.county is
'for districts: the county council in whose area it lies';
comment on column reference.authority.valid_from is
'its first day, where it is known';
comment on column reference.authority.valid_until is
'its last day; empty while it exists';
comment on column reference.authority.replaced_by is
'slugs of its successors';
comment on column reference.authority.population is
'people who live there';
comment on column reference.authority.population_year is
'the year of that estimate';
comment on column reference.authority.source is
'where these facts are from';
comment on column reference.authority.source_date is
'the day they were taken';
