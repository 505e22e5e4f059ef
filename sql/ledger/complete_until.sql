-- grain: one feed; the moment up to which its deliveries are complete, of those before a given moment
-- A delivery that was turned down leaves a gap: what comes after it does not count until it has been read again.
select max(delivery.as_of)
from ledger.delivery
where
    delivery.feed_id = :feed_id
    and delivery.status in ('landed', 'validated', 'loaded')
    and delivery.as_of < :until
    and delivery.as_of < coalesce(
        (
            select min(turned_down.as_of)
            from ledger.delivery as turned_down
            where
                turned_down.feed_id = :feed_id
                and turned_down.status = 'rejected'
                and not exists (
                    select 1 from ledger.delivery as instead
                    where
                        instead.feed_id = :feed_id
                        and instead.name = turned_down.name
                        and instead.status in ('landed', 'validated', 'loaded')
                )
        ), 'infinity'
    )
