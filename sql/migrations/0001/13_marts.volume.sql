-- grain: council x transaction x period x breakdown x label; breakdown `total` has one row for each covered period
create table marts.volume (
    council text not null,
    transaction text not null,
    period_kind text not null check (period_kind in ('week', 'month')),
    period_start date not null,
    breakdown text not null,
    label text not null,
    reports bigint not null,
    basis text not null check (basis in ('full', 'partial')),
    primary key (council, transaction, period_kind, period_start, breakdown, label)
);
