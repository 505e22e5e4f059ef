-- grain: local day of a touched period, with its bounds as moments and when what is reported on it should be closed
-- due: the end of the next working day has passed.
create temporary table touched_day on commit drop as
select
    days.day,
    cast(days.day as timestamp) at time zone 'Europe/London' as starts_at,
    cast(days.day + 1 as timestamp) at time zone 'Europe/London' as ends_at,
    deadlines.deadline,
    deadlines.deadline <= newest.as_of as due
from
    (
        select distinct reached.day
        from reached_day as reached
        inner join touched_period as touched
            on reached.period_kind = touched.period_kind and reached.period_start = touched.period_start
    ) as days
cross join (select max(as_of) as as_of from touched_period) as newest
left join reference.working_day as calendar
    on calendar.division = :division and days.day = calendar.day
cross join
    lateral (
        select cast(calendar.next_working_day + 1 as timestamp) at time zone 'Europe/London' as deadline
    ) as deadlines
