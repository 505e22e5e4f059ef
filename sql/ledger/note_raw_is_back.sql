-- grain: one delivery whose raw bytes have been landed again after their removal, and must go again
update ledger.delivery
set raw_removed_at = null
where sha256 = :sha256 and raw_removed_at is not null
