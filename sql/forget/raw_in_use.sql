-- grain: one delivery, of whatever feed, that still has to be read from these raw bytes
select
    delivery.delivery_id,
    feed.council,
    feed.transaction
from ledger.delivery
inner join ledger.feed on delivery.feed_id = feed.feed_id
where delivery.sha256 = :sha256 and delivery.status = 'landed' and delivery.raw_removed_at is null
