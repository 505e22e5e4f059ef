-- grain: one message on one channel that has taken it
create table ledger.message_sent (
    message_id bigint not null references ledger.message on delete cascade,
    -- A digest of the channel's facts: an address is nothing to keep.
    channel text not null,
    sent_at timestamptz not null default clock_timestamp(),
    primary key (message_id, channel)
);
