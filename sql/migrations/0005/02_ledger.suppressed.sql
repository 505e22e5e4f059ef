-- grain: one keyed hash of a case or of premises of a feed, whose rows no later delivery brings back
create table ledger.suppressed (
    feed_id integer not null references ledger.feed,
    kind text not null check (kind in ('case', 'premises')),
    -- HMAC under the council's secret: nobody can go from here to the case without that.
    key_hash bytea not null,
    forgotten_id bigint not null references ledger.forgotten,
    primary key (feed_id, kind, key_hash)
);
