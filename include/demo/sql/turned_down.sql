-- grain: one feed whose newest delivery was turned down, with the reason
select
    feed.council,
    feed.transaction,
    newest.rejected_because
from ledger.feed
inner join
    lateral (
        select
            delivery.status,
            delivery.rejected_because
        from ledger.delivery
        where delivery.feed_id = feed.feed_id
        order by delivery.as_of desc, delivery.delivery_id desc
        limit 1
    ) as newest
    on true
where newest.status = 'rejected'
order by feed.council, feed.transaction
