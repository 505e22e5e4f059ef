-- grain: one remote file of a feed; remembers what was taken, so that it is not downloaded again
insert into ledger.sighting (feed_id, name, size_bytes, modified_at, delivery_id)
select
    feed_id,
    :name,
    :size_bytes,
    :modified_at,
    max(delivery_id)
from ledger.delivery
where
    feed_id = :feed_id
    and sha256 = :sha256
    and name_day = coalesce(cast(:name_day as date), '-infinity')
group by feed_id
on conflict (feed_id, name) do update set
    size_bytes = excluded.size_bytes,
    modified_at = excluded.modified_at,
    delivery_id = excluded.delivery_id,
    seen_at = now()
