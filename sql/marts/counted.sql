-- grain: touched period x record of the feed that falls into it
-- demand: counts as a completed transaction; given_up: was begun and no more. deadline: end of the next working day.
create temporary table counted on commit drop as
select
    touched.period_kind,
    touched.period_start,
    touched.basis,
    record.reported_at,
    record.closed_at,
    record.channel,
    record.ward,
    record.stream,
    record.reason,
    record.outcome,
    record.age_group,
    record.branch,
    record.payment_method,
    record.concession,
    record.request,
    record.premises_key,
    record.rating,
    record.items,
    record.starts,
    record.amount,
    record.count,
    coalesce(status.label <> all(cast(:not_demand as text[])), true) as demand,
    coalesce(status.label = any(cast(:given_up as text[])), false) as given_up,
    coalesce(outcome.label = any(cast(:upheld as text[])), false) as upheld,
    deadline.moment <= touched.as_of as due,
    coalesce(record.closed_at < deadline.moment, false) as in_time
from touched_period as touched
inner join core.record
    on
        record.feed_id = :feed_id
        and touched.starts_at <= record.reported_at
        and touched.ends_at > record.reported_at
left join core.label as status on record.status = status.label_id
left join core.label as outcome on record.outcome = outcome.label_id
left join reference.working_day as calendar
    on
        calendar.division = :division
        and calendar.day = cast(record.reported_at at time zone 'Europe/London' as date)
cross join
    lateral (
        select cast(calendar.next_working_day + 1 as timestamp) at time zone 'Europe/London' as moment
    ) as deadline
