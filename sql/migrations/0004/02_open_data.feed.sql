-- grain: one feed whose figures are public
create table open_data.feed (
    council text not null,
    transaction text not null,
    first_released_at timestamptz not null default now(),
    -- When the figures last changed, and by which run.
    released_at timestamptz not null default now(),
    run_id text not null,
    primary key (council, transaction)
);
