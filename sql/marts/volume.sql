-- grain: period x breakdown (or two) x label of one feed's touched periods; demand only, by the day of the report
-- Breakdown `rating` has the ratings that were given.
insert into marts.volume (
    council, transaction, period_kind, period_start, breakdown, label, across, across_label, reports, basis
)
with demand as (
    select
        days.period_kind,
        days.period_start,
        counted.rating,
        counted.reports
    from counted_day as counted
    inner join reached_day as days on counted.day = days.day
    where counted.reports is not null
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
    coalesce(sum(demand.reports), 0),
    touched.basis
from touched_period as touched
left join demand on touched.period_kind = demand.period_kind and touched.period_start = demand.period_start
group by touched.period_kind, touched.period_start, touched.basis
having touched.basis = 'full' or count(demand.period_kind) > 0
union all
select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    counted.breakdown,
    label.label,
    counted.across,
    coalesce(across_label.label, ''),
    sum(counted.reports),
    touched.basis
from touched_period as touched
inner join reached_day as days
    on touched.period_kind = days.period_kind and touched.period_start = days.period_start
inner join counted_label as counted on days.day = counted.day
inner join core.label on counted.label_id = label.label_id
left join core.label as across_label on counted.across_id = across_label.label_id
group by
    touched.period_kind,
    touched.period_start,
    touched.basis,
    counted.breakdown,
    label.label,
    counted.across,
    across_label.label
union all
select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'rating',
    cast(demand.rating as text),
    '',
    '',
    sum(demand.reports),
    touched.basis
from touched_period as touched
inner join demand on touched.period_kind = demand.period_kind and touched.period_start = demand.period_start
where demand.rating is not null
group by touched.period_kind, touched.period_start, touched.basis, demand.rating
