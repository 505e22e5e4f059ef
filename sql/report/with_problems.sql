-- grain: one delivery of a feed that a council should hear about, the one validated last first
select delivery_id
from ledger.delivery
where
    feed_id = :feed_id
    and status <> 'landed'
    and (rejected_because is not null or quarantined > 0 or warnings <> '[]')
order by validated_at desc, as_of desc, delivery_id desc
limit :newest
