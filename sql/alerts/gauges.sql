-- grain: one feed with the rows of its newest validated delivery and since when something loaded waits to be published
select
    feed.council,
    feed.transaction,
    newest.accepted,
    newest.quarantined,
    reach.loaded_until,
    waiting.since as unpublished_since
from ledger.feed
left join lateral (
    select
        delivery.accepted,
        delivery.quarantined
    from ledger.delivery
    where delivery.feed_id = feed.feed_id and delivery.status in ('validated', 'loaded')
    order by delivery.as_of desc, delivery.delivery_id desc
    limit 1
) as newest on true
cross join
    lateral (
        select max(delivery.complete_until) as loaded_until
        from ledger.delivery
        where delivery.feed_id = feed.feed_id and delivery.status = 'loaded' and delivery.superseded_by is null
    ) as reach
cross join
    lateral (
        select min(delivery.loaded_at) as since
        from ledger.delivery
        where
            delivery.feed_id = feed.feed_id
            and delivery.status = 'loaded'
            and delivery.loaded_at > coalesce(
                (
                    select max(send.started_at)
                    from ledger.send
                    where
                        send.council = feed.council
                        and send.transaction = feed.transaction
                        and send.finished_at is not null
                ), '-infinity'
            )
    ) as waiting
where feed.council = any(cast(:councils as text[]))
order by feed.council, feed.transaction
