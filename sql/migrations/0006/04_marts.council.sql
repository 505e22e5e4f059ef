-- grain: one council that takes part
-- Now with a comment on every column.
comment on table marts.council is
'Councils that take part, with what benchmarks group them by';
comment on column marts.council.council is
'the council, as its file is called';
comment on column marts.council.name is
'its name';
comment on column marts.council.gss_code is
'its code in the register of geographic codes';
comment on column marts.council.tier is
'county, district, unitary, metropolitan, london-borough or transport-executive';
comment on column marts.council.nation is
'england, wales, scotland or northern-ireland';
comment on column marts.council.region is
'region of England, or the nation';
comment on column marts.council.population is
'people who live there, where it is known';
comment on column marts.council.phase is
'1, 2 or 3: when it joined';
comment on column marts.council.authority is
'its slug in reference.authority; empty for a transport executive';
comment on column marts.council.covers is
'for a transport executive: the authorities that it serves';
