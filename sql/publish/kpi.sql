-- grain: whole, finished period of one KPI in one version; a period with nothing to divide has no row
-- Nor has one in which the figure is about fewer than `threshold`.
select
    period_start,
    value
from marts.kpi
where
    council = :council
    and transaction = :transaction
    and period_kind = :period_kind
    and kpi = :kpi
    and version = :version
    and label = ''
    and basis in ('full', 'estimated')
    and value is not null
    and not caveats && cast(:untold_with as text[])
    and coalesce(denominator, numerator, value) >= :threshold
order by period_start
