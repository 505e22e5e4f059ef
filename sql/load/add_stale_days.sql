-- grain: day of which records have just been added
insert into ledger.stale_day (feed_id, day)
select
    :feed_id,
    days.day
from unnest(cast(:days as date[])) as days (day)
on conflict do nothing
