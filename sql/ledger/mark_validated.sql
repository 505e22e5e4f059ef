-- grain: one delivery with its row accounting; a second run finds nothing to mark
update ledger.delivery
set
    status = 'validated',
    rows_read = :read,
    accepted = :accepted,
    quarantined = :quarantined,
    duplicates = :duplicates,
    filtered = :filtered,
    forgotten = :forgotten,
    complete_until = :complete_until,
    documents = :documents,
    detected = cast(:detected as jsonb),
    warnings = cast(:warnings as jsonb),
    validated_at = now()
where delivery_id = :delivery_id and status = 'landed'
