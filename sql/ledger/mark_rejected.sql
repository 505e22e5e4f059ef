-- grain: one delivery that cannot be used as a whole
update ledger.delivery
set
    status = 'rejected',
    rejected_because = :rejected_because,
    validated_at = now()
where delivery_id = :delivery_id and status = 'landed'
