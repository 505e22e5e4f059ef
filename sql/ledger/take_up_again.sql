-- grain: one delivery of a feed that was turned down and whose bytes are there: the council's file may have been mended
-- With a hash only the one of those bytes; without one all of them that no later version of the same file has replaced.
update ledger.delivery as delivery
set
    status = 'landed',
    rejected_because = null,
    validated_at = null
where
    feed_id = :feed_id
    and status = 'rejected'
    and raw_removed_at is null
    and (
        cast(:sha256 as text) is null
        or (sha256 = :sha256 and name_day = coalesce(cast(:name_day as date), '-infinity'))
    )
    and (
        cast(:sha256 as text) is not null
        or not exists (
            select 1 from ledger.delivery as correction
            where
                ledger.corrects(correction, delivery)
                and correction.status = 'loaded'
        )
    )
returning delivery_id
