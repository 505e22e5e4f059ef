-- grain: one calendar day in one bank-holiday division; written again only where a proclaimed holiday changed it
insert into reference.working_day as known (division, day, next_working_day, working, holiday)
select
    given.division,
    given.day,
    given.next_working_day,
    given.working,
    given.holiday
from
    unnest(
        cast(:divisions as text[]),
        cast(:days as date[]),
        cast(:next_working_days as date[]),
        cast(:working as boolean[]),
        cast(:holidays as text[])
    ) as given (division, day, next_working_day, working, holiday)
on conflict (division, day) do update
    set
        next_working_day = excluded.next_working_day,
        working = excluded.working,
        holiday = excluded.holiday
    where
    (known.next_working_day, known.working, known.holiday)
    is distinct from (excluded.next_working_day, excluded.working, excluded.holiday)
