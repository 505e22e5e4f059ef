-- grain: one data set with what the runs of this demo sent of it
select
    send.data_set,
    sum(send.new_records)::bigint as new,
    sum(send.changed)::bigint as changed,
    sum(send.withdrawn)::bigint as withdrawn
from ledger.send
where send.council = :council and send.run_id = any(cast(:run_ids as text[]))
group by send.data_set
order by send.data_set
