-- grain: one push of a data set of a feed by one run
select
    data_set,
    sink,
    started_at,
    finished_at,
    new_records,
    changed,
    withdrawn,
    unchanged
from ledger.send
where council = :council and transaction = :transaction and run_id = :run_id
order by send_id
