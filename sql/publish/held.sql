-- grain: one record that the ledger has of a data set on a sink
select
    record_id,
    payload_hash
from ledger.publication
where
    council = :council
    and transaction = :transaction
    and data_set = :data_set
    and sink = :sink
