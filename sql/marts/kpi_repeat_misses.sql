-- grain: reached period; share of the reports of which the same premises had one of the same bin type before
-- Before means at most so many weeks earlier. A period whose look back begins before the feed does is partial.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
with told as (
    select
        record.reported_at,
        record.reported_at - lag(record.reported_at) over (
            partition by record.premises_key, record.stream
            order by record.reported_at, record.record_ref
        ) as since
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
)

select
    :council,
    :transaction,
    reached.period_kind,
    reached.period_start,
    'repeat-misses',
    '1',
    count(*) filter (where told.since <= make_interval(weeks => :look_back_weeks)),
    count(told.reported_at),
    count(*) filter (where told.since <= make_interval(weeks => :look_back_weeks))
    / nullif(cast(count(told.reported_at) as numeric), 0),
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
left join told on reached.starts_at <= told.reported_at and reached.ends_at > told.reported_at
group by reached.period_kind, reached.period_start, reached.basis, reached.first_day
