-- grain: one demand that a case, or all cases of some premises, be forgotten, and what was done about it
-- It says that it was done, and nothing of whom: key_hash is an HMAC under the council's secret.
create table ledger.forgotten (
    forgotten_id bigint generated always as identity primary key,
    feed_id integer not null references ledger.feed,
    kind text not null check (kind in ('case', 'premises')),
    key_hash bytea not null,
    -- An HMAC of a fixed text, which tells whether the secret is still the one that the hashes were made with.
    secret_mark bytea not null,
    forgotten_by text not null check (forgotten_by <> ''),
    reason text not null default '',
    asked_at timestamptz not null default clock_timestamp(),
    -- When everything had gone; empty while something is left to do.
    finished_at timestamptz,
    records bigint not null default 0,
    events bigint not null default 0,
    quarantined bigint not null default 0,
    deliveries bigint not null default 0,
    raw_files bigint not null default 0
);
create unique index forgotten_is_asked_once on ledger.forgotten (feed_id, kind, key_hash)
where finished_at is null;
