-- grain: one delivery whose raw bytes have been removed
update ledger.delivery
set raw_removed_at = now()
where delivery_id = :delivery_id
