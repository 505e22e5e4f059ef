-- grain: quarter x channel: what its transactions of the last 12 months cost, and how many those were
select
    period_start,
    label,
    numerator,
    denominator
from marts.kpi
where
    council = :council
    and transaction = :transaction
    and period_kind = :period_kind
    and kpi = 'cost-by-channel'
    and basis in ('full', 'estimated')
order by period_start, label
