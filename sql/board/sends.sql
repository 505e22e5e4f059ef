-- grain: one of the newest pushes of a data set of a council, the newest first
select
    transaction,
    data_set,
    sink,
    run_id,
    started_at,
    finished_at,
    new_records,
    changed,
    withdrawn,
    unchanged
from ledger.send
where council = :council
order by send_id desc
limit :newest
