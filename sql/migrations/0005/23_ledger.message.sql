-- grain: one message to the people of one council (or of the installation, without one), to be sent on every channel
create table ledger.message (
    message_id bigint generated always as identity primary key,
    council text not null,
    about text not null check (about in ('run', 'late', 'came', 'test')),
    run_id text,
    facts jsonb not null,
    made_at timestamptz not null default clock_timestamp(),
    -- When every channel had taken it.
    finished_at timestamptz
);
create index on ledger.message (message_id) where finished_at is null;
