-- grain: one remote file of a feed, as it was when it was last taken
create table ledger.sighting (
    feed_id integer not null references ledger.feed,
    name text not null,
    size_bytes bigint not null,
    modified_at timestamptz not null,
    delivery_id bigint not null references ledger.delivery,
    seen_at timestamptz not null default now(),
    primary key (feed_id, name)
);
