-- grain: one delivery whose raw bytes are past the council's retention, and no other delivery of these bytes is younger
select
    delivery.delivery_id,
    delivery.sha256,
    delivery.name,
    delivery.status,
    feed.council,
    feed.transaction
from ledger.delivery
inner join ledger.feed on delivery.feed_id = feed.feed_id
where
    feed.council = :council
    and (cast(:delivery_id as bigint) is null or delivery.delivery_id = :delivery_id)
    and delivery.raw_removed_at is null
    and delivery.received_at < now() - make_interval(days => :days)
    and not exists (
        select 1 from ledger.delivery as other
        where
            other.sha256 = delivery.sha256
            and other.delivery_id <> delivery.delivery_id
            and other.raw_removed_at is null
            and other.received_at >= now() - make_interval(days => :days)
    )
order by delivery.delivery_id
