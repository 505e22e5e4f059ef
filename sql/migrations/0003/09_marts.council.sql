-- grain: one council that takes part, with what benchmarks group it by
-- authority: its slug in the reference table. covers: those of the authorities that a transport executive serves.
create table marts.council (
    council text primary key,
    name text not null,
    gss_code text not null,
    tier text not null,
    nation text not null,
    region text,
    population integer,
    phase integer not null,
    authority text,
    covers text[] not null default '{}'
);
