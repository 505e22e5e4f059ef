-- grain: one event of a case that is to be forgotten
delete from core.event
where feed_id = :feed_id and record_ref = any(cast(:refs as text[]))
