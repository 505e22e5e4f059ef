-- grain: one record of one data set, as it was last sent
-- The id is stored plain: PostgreSQL would squeeze a long, repetitive id under the limit of an index entry, and a
-- very long id must always be the fault that it is on the real platform.
create table if not exists platform_records (
    data_set text not null,
    id text storage plain not null,
    stamped_at timestamptz not null,
    updated_at timestamptz not null,
    record jsonb not null,
    primary key (data_set, id)
)
