-- grain: one feed; how many records and events of these cases the warehouse holds
select
    (
        select count(*) from core.record
        where record.feed_id = :feed_id and record.record_ref = any(cast(:refs as text[]))
    ) as records,
    (
        select count(*) from core.event
        where event.feed_id = :feed_id and event.record_ref = any(cast(:refs as text[]))
    ) as events
