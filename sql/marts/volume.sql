-- grain: period x breakdown (or two) x label of one feed's touched periods; demand only, by the day of the report
-- Breakdown `rating` has the ratings that were given.
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
        tables.breakdown,
        tables.across,
        labels.label_id,
        labels.across_id
    from demand
    cross join
        unnest(cast(:breakdowns as text[]), cast(:acrosses as text[])) as tables (breakdown, across)
    cross join
        lateral (
            select
                case tables.breakdown
                    when 'channel' then demand.channel
                    when 'ward' then demand.ward
                    when 'stream' then demand.stream
                    when 'reason' then demand.reason
                    when 'age_group' then demand.age_group
                    when 'branch' then demand.branch
                    when 'payment_method' then demand.payment_method
                    when 'concession' then demand.concession
                    when 'request' then demand.request
                end as label_id,
                case tables.across
                    when 'channel' then demand.channel
                    when 'ward' then demand.ward
                    when 'stream' then demand.stream
                    when 'reason' then demand.reason
                    when 'age_group' then demand.age_group
                    when 'branch' then demand.branch
                    when 'payment_method' then demand.payment_method
                    when 'concession' then demand.concession
                    when 'request' then demand.request
                end as across_id
        ) as labels
    where labels.label_id is not null and (tables.across = '' or labels.across_id is not null)
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
union all
select
    :council,
    :transaction,
    period_kind,
    period_start,
    'rating',
    cast(rating as text),
    '',
    '',
    sum(count),
    basis
from demand
where rating is not null
group by period_kind, period_start, basis, rating
