-- grain: one feed with its newest delivery and newest push
select
    feed.council,
    feed.transaction,
    newest.name as last_delivery,
    newest.status as last_status,
    newest.complete_until,
    newest.received_at as last_received_at,
    counts.loaded_until,
    counts.deliveries,
    counts.rejected,
    counts.rows_read,
    counts.accepted,
    counts.quarantined,
    counts.duplicates,
    counts.filtered,
    pushed.last_published_at,
    pushed.published
from ledger.feed
left join lateral (
    select
        delivery.name,
        delivery.status,
        delivery.complete_until,
        delivery.received_at
    from ledger.delivery
    where delivery.feed_id = feed.feed_id
    order by delivery.as_of desc, delivery.delivery_id desc
    limit 1
) as newest on true
cross join
    lateral (
        select
            -- Up to when what is loaded is complete.
            max(delivery.complete_until) filter (
                where delivery.status = 'loaded' and delivery.superseded_by is null
            ) as loaded_until,
            count(*) as deliveries,
            count(*) filter (where delivery.status = 'rejected') as rejected,
            coalesce(sum(delivery.rows_read), 0) as rows_read,
            coalesce(sum(delivery.accepted), 0) as accepted,
            coalesce(sum(delivery.quarantined), 0) as quarantined,
            coalesce(sum(delivery.duplicates), 0) as duplicates,
            coalesce(sum(delivery.filtered), 0) as filtered
        from ledger.delivery
        where delivery.feed_id = feed.feed_id
    ) as counts
cross join
    lateral (
        select
            -- Without a hash nobody knows how the platform holds it.
            max(publication.sent_at) filter (where publication.payload_hash is not null) as last_published_at,
            count(publication.payload_hash) as published
        from ledger.publication
        where publication.council = feed.council and publication.transaction = feed.transaction
    ) as pushed
where cast(:council as text) is null or feed.council = :council
order by feed.council, feed.transaction
