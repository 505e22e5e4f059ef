-- grain: one record that the sink has stored
insert into ledger.publication (council, transaction, data_set, sink, record_id, payload_hash, run_id)
select
    :council,
    :transaction,
    :data_set,
    :sink,
    given.record_id,
    given.payload_hash,
    :run_id
from unnest(cast(:record_ids as text[]), cast(:payload_hashes as text[])) as given (record_id, payload_hash)
on conflict (council, transaction, data_set, sink, record_id) do update set
    payload_hash = excluded.payload_hash,
    run_id = excluded.run_id,
    sent_at = now()
