-- grain: one feed; the moment up to which its deliveries are complete, of those before a given moment
select max(as_of)
from ledger.delivery
where
    feed_id = :feed_id
    and status in ('landed', 'validated', 'loaded')
    and as_of < :until
