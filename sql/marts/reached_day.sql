-- grain: reached week or month x local day in it
create temporary table reached_day on commit drop as
select
    reached.period_kind,
    reached.period_start,
    cast(days.day as date) as day
from reached_period as reached
cross join
    lateral generate_series(
        cast(reached.period_start as timestamp),
        (reached.ends_at at time zone 'Europe/London') - interval '1 day',
        interval '1 day'
    ) as days (day)
