-- grain: one accepted row of an event log being loaded; lives until its events are added
create temporary table stage_event (
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
    line bigint not null,
    event_at timestamptz not null
) on commit drop
