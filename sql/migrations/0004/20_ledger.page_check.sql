-- grain: one look at one feed's page in one hour of UTC
-- It is here, as `interrupted`, before the request leaves: whatever happens then, there is no second one in the hour.
create table ledger.page_check (
    feed_id integer not null references ledger.feed,
    hour timestamptz not null check (hour = date_trunc('hour', hour, 'UTC')),
    state text not null check (state in ('up', 'down', 'unmonitored')),
    -- Why it is not up, a word of ours; the page's own words are not kept.
    reason text check ((reason is null) = (state = 'up')),
    status integer,
    response_ms integer check ((response_ms is null) = (state <> 'up')),
    checked_at timestamptz not null default clock_timestamp(),
    primary key (feed_id, hour)
);
