-- grain: finished period of one KPI in one version; a period with nothing to divide has no row
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
    and basis = 'full'
    and value is not null
order by period_start
