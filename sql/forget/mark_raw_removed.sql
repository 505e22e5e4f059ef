-- grain: one delivery, of whatever feed, whose raw bytes have been removed; the demand counts the file once
with marked as (
    update ledger.delivery
    set raw_removed_at = now()
    where sha256 = :sha256 and raw_removed_at is null
)

update ledger.forgotten
set raw_files = raw_files + 1
where forgotten_id = :forgotten_id
