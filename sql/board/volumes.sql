-- grain: one whole, finished period of a feed with its total
select
    period_start,
    reports
from marts.volume
where
    council = :council
    and transaction = :transaction
    and period_kind = :period_kind
    and breakdown = 'total'
    and basis = 'full'
order by period_start
