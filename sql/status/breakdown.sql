-- grain: period x label of one breakdown of one council's transaction
select
    period_start,
    label,
    reports,
    basis
from marts.volume
where
    council = :council
    and transaction = :transaction
    and period_kind = :period_kind
    and breakdown = :breakdown
    and across = ''
order by period_start, label
