-- grain: touched period x median and 90th percentile of the hours from report to closing, of what is closed so far
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
with numbered as (
    -- One narrow number to sort a million durations by.
    select
        *,
        row_number() over () as number
    from touched_period
),

found as (
    select
        days.number,
        count(*) as closed,
        percentile_cont(array[0.5, 0.9]) within group (order by counted.seconds) as seconds
    from counted
    inner join
        (
            select
                reached_day.day,
                numbered.number
            from numbered
            inner join reached_day
                on
                    numbered.period_kind = reached_day.period_kind
                    and numbered.period_start = reached_day.period_start
        ) as days
        on counted.day = days.day
    where counted.demand and counted.seconds is not null
    group by days.number
)

select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    quantiles.kpi,
    '1',
    null,
    coalesce(found.closed, 0),
    round(cast(found.seconds[quantiles.position] as numeric) / 3600, 4),
    touched.basis
from numbered as touched
left join found on touched.number = found.number
cross join (values ('median-hours-to-close', 1), ('p90-hours-to-close', 2)) as quantiles (kpi, position)
