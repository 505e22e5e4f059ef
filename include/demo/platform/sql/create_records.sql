-- grain: one record of one data set, as it was last sent
create table if not exists platform_records (
    data_set text not null,
    id text not null,
    stamped_at timestamptz not null,
    updated_at timestamptz not null,
    record jsonb not null,
    primary key (data_set, id),
    -- An id that does not fit into an index entry is a fault. PostgreSQL alone would squeeze a repetitive one in.
    constraint id_fits_the_index check (octet_length(id) <= 2500)
)
