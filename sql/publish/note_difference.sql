-- grain: one record in which sink and marts differ; without a hash the next publish sends or removes it
insert into ledger.publication (council, transaction, data_set, sink, record_id, payload_hash, run_id)
select
    :council,
    :transaction,
    :data_set,
    :sink,
    given.record_id,
    null,
    :run_id
from unnest(cast(:record_ids as text[])) as given (record_id)
on conflict (council, transaction, data_set, sink, record_id) do update set payload_hash = null
