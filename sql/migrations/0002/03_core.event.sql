-- grain: one event of a case, from a feed that sends its cases as an event log; core.record holds the sum of them
create table core.event (
    feed_id integer not null references ledger.feed,
    record_ref text collate "C" not null,
    event_at timestamptz not null,
    reported_at timestamptz not null,
    closed_at timestamptz,
    channel integer references core.label,
    status integer references core.label,
    ward integer references core.label,
    stream integer references core.label,
    reason integer references core.label,
    outcome integer references core.label,
    premises_key bytea,
    delivery_id bigint not null references ledger.delivery,
    line bigint not null
);
create index on core.event (feed_id, record_ref, event_at);
