-- grain: one loaded delivery that comes before the given one in the order of facts, newest first
select delivery_id
from ledger.delivery
where
    feed_id = :feed_id
    and status = 'loaded'
    and superseded_by is null
    and (cast(:series as text) is null or series = :series)
    and (as_of, delivery_id) < (:as_of, :delivery_id)
order by as_of desc, delivery_id desc
