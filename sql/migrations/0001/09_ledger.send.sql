-- grain: one push of one data set by one run
create table ledger.send (
    send_id bigint generated always as identity primary key,
    council text not null,
    data_set text not null,
    run_id text not null,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    new_records bigint not null,
    changed bigint not null,
    withdrawn bigint not null,
    unchanged bigint not null
);
create index on ledger.send (council, data_set, send_id);
