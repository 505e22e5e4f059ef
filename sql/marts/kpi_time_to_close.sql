-- grain: touched period x median and 90th percentile of the hours from report to closing, of what is closed so far
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
with closed as (
    select
        period_kind,
        period_start,
        basis,
        extract(epoch from closed_at - reported_at) / 3600.0 as hours
    from counted
    where demand and closed_at is not null
)

select
    :council,
    :transaction,
    closed.period_kind,
    closed.period_start,
    quantiles.kpi,
    '1',
    null,
    count(*),
    round(cast(percentile_cont(quantiles.part) within group (order by closed.hours) as numeric), 4),
    closed.basis
from closed
cross join (values ('median-hours-to-close', 0.5), ('p90-hours-to-close', 0.9)) as quantiles (kpi, part)
group by closed.period_kind, closed.period_start, closed.basis, quantiles.kpi, quantiles.part
