-- grain: one figure that an automatic check held back, until somebody decided or it came back within its band
create table ledger.hold (
    hold_id bigint generated always as identity primary key,
    feed_id integer not null references ledger.feed,
    check_name text not null check (check_name in ('volume', 'take-up', 'withheld', 'gone')),
    period_kind text not null check (period_kind in ('week', 'month')),
    period_start date not null,
    found numeric not null,
    lowest numeric,
    highest numeric,
    raised_at timestamptz not null default clock_timestamp(),
    run_id text not null,
    -- The decision that settled it; released ones keep the figure that was accepted.
    approval_id bigint references ledger.approval,
    -- When the figure was within its band again without anybody's decision.
    lifted_at timestamptz
);
create unique index hold_stands_once on ledger.hold (feed_id, check_name, period_kind, period_start)
where approval_id is null and lifted_at is null;
