-- grain: one record that the sink no longer holds
delete from ledger.publication
where
    council = :council
    and transaction = :transaction
    and data_set = :data_set
    and sink = :sink
    and record_id = any(cast(:record_ids as text[]))
