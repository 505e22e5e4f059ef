-- grain: one fault of a step that has now ended well
update ledger.fault
set mended_at = clock_timestamp()
where
    council = :council
    and transaction = :transaction
    and step = :step
    and mended_at is null
