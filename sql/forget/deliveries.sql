-- grain: one delivery of a feed; has_accepted: its accepted records are in the landing store
select
    delivery_id,
    name,
    sha256,
    as_of,
    series,
    status,
    status in ('validated', 'loaded') as has_accepted,
    raw_removed_at is null as has_raw
from ledger.delivery
where feed_id = :feed_id
order by as_of, delivery_id
