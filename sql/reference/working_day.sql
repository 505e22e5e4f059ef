-- grain: one calendar day in one bank-holiday division; written again only where a proclaimed holiday changed it
insert into reference.working_day as known (division, day, next_working_day)
select
    given.division,
    given.day,
    given.next_working_day
from
    unnest(
        cast(:divisions as text[]), cast(:days as date[]), cast(:next_working_days as date[])
    ) as given (division, day, next_working_day)
on conflict (division, day) do update
    set next_working_day = excluded.next_working_day
    where known.next_working_day <> excluded.next_working_day
