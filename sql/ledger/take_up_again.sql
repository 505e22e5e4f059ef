-- grain: one delivery of a feed that was turned down and whose bytes are there: the council's file may have been mended
-- With a hash only the one of those bytes; without one all of them.
update ledger.delivery
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
returning delivery_id
