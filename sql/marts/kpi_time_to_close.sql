-- grain: touched period x median and 90th percentile of the hours from report to closing, of what is closed so far
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
with closed as (
    select
        period_kind,
        period_start,
        extract(epoch from closed_at - reported_at) / 3600.0 as hours
    from counted
    where demand and closed_at is not null
)

select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    quantiles.kpi,
    '1',
    null,
    count(closed.hours),
    round(cast(percentile_cont(quantiles.part) within group (order by closed.hours) as numeric), 4),
    touched.basis
from touched_period as touched
cross join (values ('median-hours-to-close', 0.5), ('p90-hours-to-close', 0.9)) as quantiles (kpi, part)
left join closed on touched.period_kind = closed.period_kind and touched.period_start = closed.period_start
group by touched.period_kind, touched.period_start, touched.basis, quantiles.kpi, quantiles.part
