-- grain: one GSS code that an authority has or had
create table reference.authority_code (
    code text primary key check (code ~ '^[EWSN][0-9]{8}$'),
    -- Whose code it is or was.
    slug text not null references reference.authority,
    -- The present code of an authority that exists.
    current boolean not null,
    -- The authority to count its figures under today; empty where the area was split.
    in_charge text references reference.authority,
    constraint current_is_in_charge check (not current or coalesce(in_charge = slug, false))
);
create index on reference.authority_code (in_charge);
grant select on reference.authority_code to local_digital_reader;
