-- grain: one lateness of one feed, from when it was told until a delivery came
create table ledger.late_notice (
    notice_id bigint generated always as identity primary key,
    feed_id integer not null references ledger.feed,
    late_from timestamptz not null,
    told_at timestamptz not null default clock_timestamp(),
    came_at timestamptz
);
create unique index lateness_is_told_once on ledger.late_notice (feed_id) where came_at is null;
