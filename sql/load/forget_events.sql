-- grain: one event that only a superseded delivery may have told of; those that others repeat are added again
delete from core.event
where feed_id = :feed_id and delivery_id = any(cast(:superseded as bigint[]))
returning record_ref
