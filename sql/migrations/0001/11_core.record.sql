-- grain: one record of a feed, in its newest known state
-- Labels are numbers into core.label; line and delivery say which row of which file last changed the record.
create table core.record (
    feed_id integer not null references ledger.feed,
    record_ref text collate "C" not null,
    reported_at timestamptz not null,
    closed_at timestamptz,
    channel integer not null references core.label,
    status integer references core.label,
    ward integer references core.label,
    stream integer references core.label,
    reason integer references core.label,
    outcome integer references core.label,
    premises_key bytea,
    delivery_id bigint not null references ledger.delivery,
    line bigint not null,
    primary key (feed_id, record_ref)
);
create index on core.record (feed_id, reported_at);
