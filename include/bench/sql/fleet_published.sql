-- grain: one row; what the fleet's night has brought to the warehouse and to the platform
with loaded as (
    select
        count(*) as deliveries,
        sum(rows_read) as rows_read
    from ledger.delivery
    where status = 'loaded'
),

feeds as (
    select
        council,
        transaction,
        count(*) as records
    from ledger.publication
    where payload_hash is not null
    group by council, transaction
),

published as (
    select
        count(*) as feeds,
        sum(records) as records
    from feeds
)

select
    loaded.deliveries,
    loaded.rows_read,
    published.feeds,
    published.records
from loaded
cross join published
