-- grain: period x breakdown (or two) x label of one feed's touched periods; demand only, by the day of the report
insert into marts.volume (
    council, transaction, period_kind, period_start, breakdown, label, across, across_label, reports, basis
)
with demand as (
    select * from counted
    where demand
),

parts as (
    select
        demand.period_kind,
        demand.period_start,
        demand.basis,
        demand.count,
        own.breakdown,
        own.label_id,
        other.breakdown as across,
        other.label_id as across_id
    from demand
    cross join
        lateral (
            values
            ('channel', demand.channel),
            ('ward', demand.ward),
            ('stream', demand.stream),
            ('reason', demand.reason),
            ('age_group', demand.age_group),
            ('branch', demand.branch),
            ('payment_method', demand.payment_method),
            ('concession', demand.concession),
            ('request', demand.request)
        ) as own (breakdown, label_id)
    cross join
        lateral (
            values
            ('', null),
            ('channel', demand.channel),
            ('ward', demand.ward),
            ('stream', demand.stream),
            ('reason', demand.reason),
            ('age_group', demand.age_group),
            ('branch', demand.branch),
            ('payment_method', demand.payment_method),
            ('concession', demand.concession),
            ('request', demand.request)
        ) as other (breakdown, label_id)
    where
        own.label_id is not null
        and (other.breakdown = '' or other.label_id is not null)
        and own.breakdown || '/' || other.breakdown = any(cast(:breakdowns as text[]))
)

select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'total',
    'total',
    '',
    '',
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
    parts.period_kind,
    parts.period_start,
    parts.breakdown,
    label.label,
    parts.across,
    coalesce(across_label.label, ''),
    sum(parts.count),
    parts.basis
from parts
inner join core.label on parts.label_id = label.label_id
left join core.label as across_label on parts.across_id = across_label.label_id
group by
    parts.period_kind,
    parts.period_start,
    parts.basis,
    parts.breakdown,
    label.label,
    parts.across,
    across_label.label
