-- grain: council x transaction x period x KPI x version of its definition; no value where there is nothing to divide
create table marts.kpi (
    council text not null,
    transaction text not null,
    period_kind text not null check (period_kind in ('week', 'month')),
    period_start date not null,
    kpi text not null,
    version text not null,
    numerator numeric,
    denominator numeric,
    value numeric,
    basis text not null check (basis in ('full', 'partial')),
    primary key (council, transaction, period_kind, period_start, kpi, version)
);
