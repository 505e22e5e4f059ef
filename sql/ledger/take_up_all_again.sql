-- grain: one delivery of a feed that was turned down and whose bytes are still there
update ledger.delivery
set
    status = 'landed',
    rejected_because = null,
    validated_at = null
where
    feed_id = :feed_id
    and status = 'rejected'
    and raw_removed_at is null
    and superseded_by is null
returning delivery_id
