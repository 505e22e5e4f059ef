-- grain: one feed; the size of the newest snapshot before a moment
select rows_read - coalesce(filtered, 0)
from ledger.delivery
where
    feed_id = :feed_id
    and series = :series
    and status in ('validated', 'loaded')
    and superseded_by is null
    and as_of < :as_of
order by as_of desc, delivery_id desc
limit 1
