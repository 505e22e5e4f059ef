-- grain: one version of one period's controlled counts as it was released, with the cells that were withheld
-- Every version stays: what was shown once must not give away what is withheld now, and the other way round.
-- shown, withheld: cells, each a JSON list of [breakdown, label] pairs; shown has the count beside them.
create table ledger.release (
    feed_id integer not null references ledger.feed,
    period_kind text not null check (period_kind in ('week', 'month')),
    period_start date not null,
    version integer not null,
    total bigint not null,
    shown jsonb not null,
    withheld jsonb not null,
    whole boolean not null,
    run_id text not null,
    released_at timestamptz not null default now(),
    primary key (feed_id, period_kind, period_start, version)
);
