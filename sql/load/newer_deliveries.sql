-- grain: one loaded delivery that comes after the given one in the order of facts
select delivery_id
from ledger.delivery
where
    feed_id = :feed_id
    and status = 'loaded'
    and superseded_by is null
    and (cast(:series as text) is null or series = :series)
    and (as_of, delivery_id) > (:as_of, :delivery_id)
