-- grain: whole, finished period x label that any such period has: zero is a figure
with counted as (
    select
        period_start,
        breakdown,
        across,
        label,
        across_label,
        reports
    from marts.volume
    where
        council = :council
        and transaction = :transaction
        and period_kind = :period_kind
        and basis = 'full'
        and ((breakdown = :breakdown and across = :across) or (breakdown = 'total' and across = ''))
),

cells as (
    select distinct
        label,
        across_label
    from counted
    where breakdown = :breakdown and across = :across
)

select
    total.period_start,
    cells.label,
    cells.across_label,
    coalesce(counted.reports, 0) as reports
from counted as total
cross join cells
left join counted
    on
        total.period_start = counted.period_start
        and counted.breakdown = :breakdown
        and counted.across = :across
        and cells.label = counted.label
        and cells.across_label = counted.across_label
where total.breakdown = 'total'
order by total.period_start, cells.label, cells.across_label
