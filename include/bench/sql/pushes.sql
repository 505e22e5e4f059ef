-- grain: feed x night: a push of one data set
insert into ledger.send (
    council, transaction, data_set, run_id, started_at, finished_at, new_records, changed, withdrawn, unchanged
)
select
    feed.council,
    feed.transaction,
    'transactions-by-channel',
    delivery.run_id,
    delivery.received_at as started_at,
    delivery.received_at + interval '1 minute' as finished_at,
    1,
    0,
    0,
    10
from ledger.delivery
inner join ledger.feed on delivery.feed_id = feed.feed_id
where delivery.status = 'loaded'
order by delivery.received_at
