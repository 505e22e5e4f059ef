-- grain: one of the newest deliveries of each feed of a council, the newest first
select
    feed.transaction,
    newest.delivery_id,
    newest.name,
    newest.status,
    newest.as_of,
    newest.received_at,
    newest.run_id,
    newest.rows_read,
    newest.accepted,
    newest.quarantined,
    newest.duplicates,
    newest.filtered,
    newest.superseded_by,
    newest.rejected_because,
    jsonb_array_length(newest.warnings) as warnings
from ledger.feed
cross join
    lateral (
        select delivery.*
        from ledger.delivery
        where delivery.feed_id = feed.feed_id
        order by delivery.as_of desc, delivery.delivery_id desc
        limit :newest
    ) as newest
where feed.council = :council
order by feed.transaction asc, newest.as_of desc, newest.delivery_id desc
