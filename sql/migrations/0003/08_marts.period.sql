-- grain: council x transaction x period: what must be known to compare it with other periods
-- cycle_week: which week of the council's round of collections it is, from 1. same_point: the newest earlier period at
-- the same point of the round, for weeks.
create table marts.period (
    council text not null,
    transaction text not null,
    period_kind text not null check (period_kind in ('week', 'month')),
    period_start date not null,
    working_days integer not null,
    bank_holidays text[] not null default '{}',
    cycle_week integer,
    same_point date,
    primary key (council, transaction, period_kind, period_start)
);
