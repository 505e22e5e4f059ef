-- grain: one local day of a feed whose periods must be computed again
create table ledger.stale_day (
    feed_id integer not null references ledger.feed,
    day date not null,
    primary key (feed_id, day)
);
