-- grain: one record that the platform holds because we sent it; a null hash means it must be sent or removed again
create table ledger.publication (
    council text not null,
    data_set text not null,
    record_id text not null,
    payload_hash text,
    run_id text not null,
    sent_at timestamptz not null default now(),
    primary key (council, data_set, record_id)
);
