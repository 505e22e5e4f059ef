-- grain: one decision that nobody is to be told about a council, or about one of its feeds, for a while
create table ledger.silence (
    silence_id bigint generated always as identity primary key,
    council text not null,
    -- Empty for all of the council.
    transaction text not null default '',
    until timestamptz not null,
    reason text not null check (reason <> ''),
    silenced_by text not null check (silenced_by <> ''),
    silenced_at timestamptz not null default clock_timestamp(),
    lifted_at timestamptz,
    constraint silences_end check (until > silenced_at)
);
create index on ledger.silence (council, until);
