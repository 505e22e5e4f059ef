-- grain: one case of a feed that the warehouse knows at some premises
select record_ref
from core.record
where feed_id = :feed_id and premises_key = :premises_key
union
select record_ref
from core.event
where feed_id = :feed_id and premises_key = :premises_key
