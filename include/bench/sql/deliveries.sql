-- grain: feed of the made-up fleet x night: a delivery that is loaded, but for one in forty that was turned down
with feed as (
    insert into ledger.feed (council, transaction)
    select
        given.council,
        contract.transaction
    from unnest(cast(:councils as text[])) as given (council)
    cross join unnest(cast(:transactions as text[])) as contract (transaction)
    returning feed_id
),

nights as (
    select
        feed.feed_id,
        night.number,
        date_trunc('day', cast(:newest as timestamptz)) + interval '5 hours' - night.number * interval '1 day'
            as moment,
        (feed.feed_id + night.number) % 40 = 0 as turned_down
    from feed
    cross join generate_series(0, cast(:nights as integer) - 1) as night (number)
)

insert into ledger.delivery (
    feed_id, name, sha256, size_bytes, as_of, received_at, run_id, status, rejected_because, rows_read, accepted,
    quarantined, duplicates, filtered, complete_until
)
select
    feed_id,
    to_char(moment, 'YYYYMMDD') || '.csv',
    encode(sha256(convert_to(feed_id || '-' || number, 'UTF8')), 'hex'),
    30000,
    moment as as_of,
    moment + interval '5 minutes' as received_at,
    'scheduled__' || moment,
    case when turned_down then 'rejected' else 'loaded' end,
    case when turned_down then 'a column is missing' end,
    300,
    298,
    2,
    0,
    0,
    moment as complete_until
from nights
