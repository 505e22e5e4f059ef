-- grain: record of the feed that falls into a touched period
-- day: the local one of the report. demand: counts as a completed transaction; given_up: was begun and no more.
-- due: the end of the next working day has passed. seconds: from report to closing.
create temporary table counted on commit drop as
select
    touched.day,
    cast(extract(epoch from record.closed_at - record.reported_at) as double precision) as seconds,
    record.channel,
    record.ward,
    record.stream,
    record.reason,
    record.age_group,
    record.branch,
    record.payment_method,
    record.concession,
    record.request,
    record.rating,
    record.items,
    record.starts,
    record.amount,
    record.count,
    coalesce(record.status <> all(labels.not_demand), true) as demand,
    coalesce(record.status = any(labels.given_up), false) as given_up,
    coalesce(record.outcome = any(labels.upheld), false) as upheld,
    touched.due,
    coalesce(record.closed_at < touched.deadline, false) as in_time
from touched_day as touched
-- A day at a time by the index, so that no moment need be taken to its local day.
inner join core.record
    on
        record.feed_id = :feed_id
        and touched.starts_at <= record.reported_at
        and touched.ends_at > record.reported_at
cross join
    (
        select
            coalesce(
                array_agg(label_id) filter (where field = 'status' and label = any(cast(:not_demand as text[]))), '{}'
            ) as not_demand,
            coalesce(
                array_agg(label_id) filter (where field = 'status' and label = any(cast(:given_up as text[]))), '{}'
            ) as given_up,
            coalesce(
                array_agg(label_id) filter (where field = 'outcome' and label = any(cast(:upheld as text[]))), '{}'
            ) as upheld
        from core.label
    ) as labels
