-- grain: period x breakdown x label of one feed's touched periods; demand only, by the day of the report
insert into marts.volume (council, transaction, period_kind, period_start, breakdown, label, reports, basis)
with demand as (
    select
        touched.period_kind,
        touched.period_start,
        touched.basis,
        record.channel,
        record.ward,
        record.stream,
        record.reason,
        record.count
    from touched_period as touched
    inner join core.record
        on
            record.feed_id = :feed_id
            and touched.starts_at <= record.reported_at
            and touched.ends_at > record.reported_at
    left join core.label as status on record.status = status.label_id
    where status.label is null or status.label <> all(cast(:not_demand as text[]))
)

select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'total',
    'total',
    coalesce(sum(demand.count), 0),
    touched.basis
from touched_period as touched
left join demand on touched.period_kind = demand.period_kind and touched.period_start = demand.period_start
group by touched.period_kind, touched.period_start, touched.basis
having touched.basis = 'full' or count(demand.period_kind) > 0
union all
select
    :council,
    :transaction,
    demand.period_kind,
    demand.period_start,
    parts.breakdown,
    label.label,
    sum(demand.count),
    demand.basis
from demand
cross join
    lateral (
        values
        ('channel', demand.channel),
        ('ward', demand.ward),
        ('stream', demand.stream),
        ('reason', demand.reason)
    ) as parts (breakdown, label_id)
inner join core.label on parts.label_id = label.label_id
where parts.breakdown = any(cast(:breakdowns as text[]))
group by demand.period_kind, demand.period_start, demand.basis, parts.breakdown, label.label
