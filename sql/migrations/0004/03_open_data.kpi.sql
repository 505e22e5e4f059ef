-- grain: council x transaction x whole, finished period x KPI x version x label, as released; see marts.kpi
-- first_value: as it was when it was first released.
create table open_data.kpi (
    council text not null,
    transaction text not null,
    period_kind text not null check (period_kind in ('week', 'month', 'quarter')),
    period_start date not null,
    kpi text not null,
    version text not null,
    label text not null,
    numerator numeric,
    denominator numeric,
    value numeric,
    first_value numeric,
    basis text not null check (basis in ('full', 'estimated')),
    caveats text[] not null,
    primary key (council, transaction, period_kind, period_start, kpi, version, label),
    foreign key (council, transaction) references open_data.feed on delete cascade
);
