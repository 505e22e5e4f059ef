-- grain: touched period with its working days, bank holidays and place in the council's round of collections
insert into marts.period as known (
    council, transaction, period_kind, period_start, working_days, bank_holidays, cycle_week, same_point
)
with days as (
    select
        touched.period_kind,
        touched.period_start,
        count(*) filter (where calendar.working) as working_days,
        -- One that falls on a weekend is kept on another day.
        coalesce(
            array_agg(calendar.holiday order by calendar.day) filter (
                where calendar.holiday is not null and extract(isodow from calendar.day) < 6
            ), '{}'
        ) as bank_holidays
    from touched_period as touched
    inner join reference.working_day as calendar
        on
            calendar.division = :division
            and touched.period_start <= calendar.day
            and cast(touched.ends_at at time zone 'Europe/London' as date) > calendar.day
    group by touched.period_kind, touched.period_start
)

select
    :council,
    :transaction,
    period_kind,
    period_start,
    working_days,
    bank_holidays,
    case
        when period_kind = 'week'
            then
                mod(mod((period_start - cast(:cycle_starts as date)) / 7, :cycle_weeks) + :cycle_weeks, :cycle_weeks)
                + 1
    end,
    case when period_kind = 'week' then period_start - 7 * cast(:cycle_weeks as integer) end
from days
on conflict (council, transaction, period_kind, period_start) do update set
    working_days = excluded.working_days,
    bank_holidays = excluded.bank_holidays,
    cycle_week = excluded.cycle_week,
    same_point = excluded.same_point
