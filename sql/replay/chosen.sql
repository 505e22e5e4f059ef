-- grain: one delivery to be read anew: it counts today, or was turned down, and its raw bytes are there
-- With it go the later ones of the same moment, whose order would change otherwise; one that waits for its replay to be
-- loaded is not read a third time.
select
    delivery.delivery_id,
    delivery.name,
    delivery.sha256,
    delivery.as_of,
    delivery.received_at,
    delivery.series,
    delivery.status,
    delivery.rows_read as read,
    delivery.accepted,
    delivery.quarantined,
    delivery.duplicates,
    coalesce(delivery.filtered, 0) as filtered
from ledger.delivery
where
    delivery.feed_id = :feed_id
    and delivery.status in ('loaded', 'rejected')
    and delivery.superseded_by is null
    and delivery.raw_removed_at is null
    and (
        cast(:delivery_id as bigint) is null
        or exists (
            select 1 from ledger.delivery as given
            where
                given.delivery_id = :delivery_id
                and given.superseded_by is null
                and given.raw_removed_at is null
                and (
                    given.delivery_id = delivery.delivery_id
                    or (
                        given.feed_id = :feed_id
                        and given.status = 'loaded'
                        and given.as_of = delivery.as_of
                        and given.delivery_id < delivery.delivery_id
                    )
                )
        )
    )
    and (cast(:since as timestamptz) is null or delivery.as_of >= :since)
    and not exists (
        select 1 from ledger.delivery as waiting
        where waiting.replay_of = delivery.delivery_id and waiting.status in ('landed', 'validated')
    )
    -- What was turned down and sent again mended has had its turn.
    and not (
        delivery.status = 'rejected'
        and exists (
            select 1 from ledger.delivery as correction
            where
                ledger.corrects(correction, delivery)
                and correction.status = 'loaded'
        )
    )
order by delivery.as_of, delivery.delivery_id
