-- grain: one accepted record of the delivery being loaded; lives until the merge is done
create temporary table stage (
    record_ref text collate "C" not null,
    reported_at timestamptz not null,
    closed_at timestamptz,
    channel integer not null,
    status integer,
    ward integer,
    stream integer,
    reason integer,
    outcome integer,
    premises_key bytea,
    count integer not null,
    line bigint not null
) on commit drop
