-- grain: one delivery that was turned down, and whose bytes have come again: the council's file may have been mended
update ledger.delivery
set
    status = 'landed',
    rejected_because = null,
    validated_at = null
where
    feed_id = :feed_id
    and sha256 = :sha256
    and name_day = coalesce(cast(:name_day as date), '-infinity')
    and status = 'rejected'
returning delivery_id
