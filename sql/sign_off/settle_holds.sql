-- grain: one figure that was held back until somebody released it
update ledger.hold
set approval_id = :approval_id
where feed_id = :feed_id and approval_id is null and lifted_at is null
