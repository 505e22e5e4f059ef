-- grain: one delivery that was turned down and is to be read again
update ledger.delivery
set
    status = 'landed',
    rejected_because = null,
    validated_at = null
where delivery_id = :delivery_id and status = 'rejected'
returning delivery_id
