-- grain: record of the feed that falls into a touched period
-- day: the local one of the report. demand: counts as a completed transaction; given_up: was begun and no more.
-- due: the end of the next working day has passed.
create temporary table counted on commit drop as
select
    days.day,
    record.reported_at,
    record.closed_at,
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
    coalesce(status.label <> all(cast(:not_demand as text[])), true) as demand,
    coalesce(status.label = any(cast(:given_up as text[])), false) as given_up,
    coalesce(outcome.label = any(cast(:upheld as text[])), false) as upheld,
    calendar.deadline <= newest.as_of as due,
    coalesce(record.closed_at < calendar.deadline, false) as in_time
from touched_span as span
inner join core.record
    on
        record.feed_id = :feed_id
        and span.starts_at <= record.reported_at
        and span.ends_at > record.reported_at
cross join lateral (select cast(record.reported_at at time zone 'Europe/London' as date) as day) as days
cross join (select max(as_of) as as_of from touched_period) as newest
left join core.label as status on record.status = status.label_id
left join core.label as outcome on record.outcome = outcome.label_id
left join
    (
        select
            day,
            cast(next_working_day + 1 as timestamp) at time zone 'Europe/London' as deadline
        from reference.working_day
        where division = :division
    ) as calendar
    on days.day = calendar.day
