-- grain: one decision of a person on what a feed publishes, with the figures they saw
create table ledger.approval (
    approval_id bigint generated always as identity primary key,
    feed_id integer not null references ledger.feed,
    decided_at timestamptz not null default clock_timestamp(),
    decided_by text not null check (decided_by <> ''),
    -- Where they said it.
    through text not null check (through in ('terminal', 'airflow')),
    decision text not null check (decision in ('released', 'kept-back')),
    -- What was asked: `going-live`, or the checks that held the feed.
    reasons text[] not null,
    figures jsonb not null,
    note text not null default '',
    run_id text
);
create index on ledger.approval (feed_id, decided_at);
