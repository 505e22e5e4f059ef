-- grain: one delivery, in words that no run changes
select
    delivery.delivery_id,
    concat_ws('/', feed.council, feed.transaction, delivery.name, delivery.sha256, delivery.name_day) as told
from ledger.delivery
inner join ledger.feed on delivery.feed_id = feed.feed_id
