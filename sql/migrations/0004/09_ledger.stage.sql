-- grain: one change of a feed's stage, when the pipeline first saw it in the council's file
create table ledger.stage (
    feed_id integer not null references ledger.feed,
    seen_at timestamptz not null default clock_timestamp(),
    stage text not null check (stage in ('draft', 'trial', 'live')),
    primary key (feed_id, seen_at)
);
