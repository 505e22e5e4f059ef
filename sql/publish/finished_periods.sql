-- grain: one whole, finished period of a feed
select period_start
from marts.volume
where
    council = :council
    and transaction = :transaction
    and period_kind = :period_kind
    and breakdown = 'total'
    and basis = 'full'
order by period_start
