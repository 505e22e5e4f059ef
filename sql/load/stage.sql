-- grain: one accepted row of the delivery being loaded, a record or an event; lives until it is merged or added
create temporary table stage (
    record_ref text collate "C" not null,
    reported_at timestamptz not null,
    closed_at timestamptz,
    channel integer,
    status integer,
    ward integer,
    stream integer,
    reason integer,
    outcome integer,
    premises_key bytea,
    count integer not null,
    line bigint not null,
    event_at timestamptz
) on commit drop
