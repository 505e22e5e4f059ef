-- grain: one delivery of a feed: the given one, or the newest that validate has seen
select
    delivery_id,
    name,
    status,
    received_at,
    rows_read,
    accepted,
    quarantined,
    duplicates,
    filtered,
    forgotten,
    rejected_because,
    warnings,
    documents,
    detected
from ledger.delivery
where
    feed_id = :feed_id
    and (delivery_id = :delivery_id or (cast(:delivery_id as bigint) is null and status <> 'landed'))
order by as_of desc, delivery_id desc
limit 1
