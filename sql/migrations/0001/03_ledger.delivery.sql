-- grain: one delivery (what one extract received for a feed, by content)
create table ledger.delivery (
    delivery_id bigint generated always as identity primary key,
    feed_id integer not null references ledger.feed,
    name text not null,
    sha256 text not null,
    size_bytes bigint not null,
    -- The moment up to which the council says the delivery is complete; deliveries are ordered by it.
    as_of timestamptz not null,
    received_at timestamptz not null default now(),
    run_id text not null,
    status text not null default 'landed'
    check (status in ('landed', 'validated', 'loaded', 'rejected')),
    superseded_by bigint references ledger.delivery,
    raw_removed_at timestamptz,
    rows_read bigint,
    accepted bigint,
    quarantined bigint,
    duplicates bigint,
    rejected_because text,
    warnings jsonb not null default '[]',
    validated_at timestamptz,
    inserted bigint,
    updated bigint,
    unchanged bigint,
    withdrawn bigint,
    loaded_at timestamptz,
    unique (feed_id, sha256),
    constraint every_row_is_accounted_for check (rows_read = accepted + quarantined + duplicates),
    constraint validated_means_counted check (status in ('landed', 'rejected') or rows_read is not null)
);
create index on ledger.delivery (feed_id, as_of, delivery_id);
