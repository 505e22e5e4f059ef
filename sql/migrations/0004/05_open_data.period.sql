-- grain: council x transaction x whole, finished period: its total, and what must be known to compare it
-- first_reports: the total as it was when it was first released.
create table open_data.period (
    council text not null,
    transaction text not null,
    period_kind text not null check (period_kind in ('week', 'month')),
    period_start date not null,
    reports bigint not null,
    first_reports bigint not null,
    working_days integer,
    bank_holidays text[] not null default '{}',
    cycle_week integer,
    same_point date,
    primary key (council, transaction, period_kind, period_start),
    foreign key (council, transaction) references open_data.feed on delete cascade
);
