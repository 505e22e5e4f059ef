-- grain: touched period; share of reports closed by the end of the next working day of the council's division
-- Only reports whose deadline has passed are counted, so that a week still being worked on is not marked down.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
with judged as (
    select
        touched.period_kind,
        touched.period_start,
        touched.basis,
        coalesce(
            record.closed_at < cast(calendar.next_working_day + 1 as timestamp) at time zone 'Europe/London', false
        ) as in_time
    from touched_period as touched
    inner join core.record
        on
            record.feed_id = :feed_id
            and touched.starts_at <= record.reported_at
            and touched.ends_at > record.reported_at
    inner join reference.working_day as calendar
        on
            calendar.division = :division
            and calendar.day = cast(record.reported_at at time zone 'Europe/London' as date)
    left join core.label as status on record.status = status.label_id
    where
        :knows_closing
        and cast(calendar.next_working_day + 1 as timestamp) at time zone 'Europe/London' <= touched.as_of
        and (status.label is null or status.label <> all(cast(:not_demand as text[])))
)

select
    :council,
    :transaction,
    judged.period_kind,
    judged.period_start,
    'closed-within-one-working-day',
    '1',
    count(*) filter (where judged.in_time),
    count(*),
    count(*) filter (where judged.in_time) / cast(count(*) as numeric),
    judged.basis
from judged
group by judged.period_kind, judged.period_start, judged.basis
