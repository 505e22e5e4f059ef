-- grain: finished period x label of one breakdown
select
    period_start,
    label,
    across_label,
    reports
from marts.volume
where
    council = :council
    and transaction = :transaction
    and period_kind = :period_kind
    and breakdown = :breakdown
    and across = :across
    and basis = 'full'
order by period_start, label, across_label
