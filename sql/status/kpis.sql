-- grain: period x figure of one council's transaction; volume first, then the KPIs
select
    period_start,
    'volume' as kpi,
    '1' as version,
    cast(null as numeric) as numerator,
    cast(null as numeric) as denominator,
    cast(reports as numeric) as value,
    basis
from marts.volume
where
    council = :council
    and transaction = :transaction
    and period_kind = :period_kind
    and breakdown = 'total'
union all
select
    period_start,
    kpi,
    version,
    numerator,
    denominator,
    value,
    basis
from marts.kpi
where
    council = :council
    and transaction = :transaction
    and period_kind = :period_kind
order by period_start, kpi, version
