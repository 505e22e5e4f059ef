-- grain: touched period x median and 90th percentile of the hours from report to closing, of what is closed so far
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
with closed as (
    select
        day,
        cast(extract(epoch from closed_at - reported_at) as double precision) as seconds
    from counted
    where demand and closed_at is not null
),

found as (
    select
        touched.period_kind,
        touched.period_start,
        touched.basis,
        count(closed.seconds) as closed,
        percentile_cont(array[0.5, 0.9]) within group (order by closed.seconds) as seconds
    from touched_period as touched
    left join reached_day as days
        on touched.period_kind = days.period_kind and touched.period_start = days.period_start
    left join closed on days.day = closed.day
    group by touched.period_kind, touched.period_start, touched.basis
)

select
    :council,
    :transaction,
    found.period_kind,
    found.period_start,
    quantiles.kpi,
    '1',
    null,
    found.closed,
    round(cast(found.seconds[quantiles.position] as numeric) / 3600, 4),
    found.basis
from found
cross join (values ('median-hours-to-close', 1), ('p90-hours-to-close', 2)) as quantiles (kpi, position)
