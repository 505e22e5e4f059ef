-- grain: one record that the platform no longer holds
delete from ledger.publication
where
    council = :council
    and transaction = :transaction
    and data_set = :data_set
    and record_id = any(cast(:record_ids as text[]))
