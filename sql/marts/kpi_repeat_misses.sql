-- grain: reached period; share of the reports of which the same premises had one of the same bin type before
-- Before means at most so many weeks earlier. A period whose look back begins before the feed does is partial.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
with told as (
    select
        record.reported_at,
        lag(record.reported_at) over (
            partition by record.premises_key, record.stream
            order by record.reported_at
        ) as before
    from core.record
    left join core.label as status on record.status = status.label_id
    where
        record.feed_id = :feed_id
        and record.premises_key is not null
        -- A day more, for days have 23 and 25 hours too.
        and record.reported_at
        >= (select min(starts_at) from reached_period) - make_interval(weeks => :look_back_weeks, days => 1)
        and record.reported_at < (select max(ends_at) from reached_period)
        and coalesce(status.label <> all(cast(:not_demand as text[])), true)
),

days as (
    select
        cast(reported_at at time zone 'Europe/London' as date) as day,
        count(*) as reports,
        count(*) filter (where reported_at - before <= make_interval(weeks => :look_back_weeks)) as again
    from told
    group by day
)

select
    :council,
    :transaction,
    reached.period_kind,
    reached.period_start,
    'repeat-misses',
    '1',
    coalesce(sum(days.again), 0),
    coalesce(sum(days.reports), 0),
    coalesce(sum(days.again), 0) / nullif(sum(days.reports), 0),
    case
        when reached.basis = 'full' and reached.period_start - 7 * :look_back_weeks < reached.first_day then 'partial'
        else reached.basis
    end
from reached_period as reached
inner join marts.volume as whole
    on
        whole.council = :council
        and whole.transaction = :transaction
        and whole.breakdown = 'total'
        and reached.period_kind = whole.period_kind
        and reached.period_start = whole.period_start
left join reached_day
    on reached.period_kind = reached_day.period_kind and reached.period_start = reached_day.period_start
left join days on reached_day.day = days.day
group by reached.period_kind, reached.period_start, reached.basis, reached.first_day
