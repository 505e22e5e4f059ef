-- grain: one validated delivery of a feed, the oldest that is not loaded yet
select
    delivery_id,
    name,
    as_of,
    complete_until,
    series,
    replay_of
from ledger.delivery
where feed_id = :feed_id and status = 'validated'
order by as_of, delivery_id
limit 1
for update
