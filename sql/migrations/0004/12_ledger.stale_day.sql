-- grain: every day that has records, so that the costs by channel and the counts of ratings are computed for it too
insert into ledger.stale_day (feed_id, day)
select distinct
    record.feed_id,
    cast(record.reported_at at time zone 'Europe/London' as date)
from core.record
on conflict do nothing;
