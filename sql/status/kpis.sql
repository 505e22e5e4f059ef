-- grain: period x KPI x version x label of one council's transaction; volume first
select
    period_start,
    kpi,
    version,
    label,
    numerator,
    denominator,
    value,
    basis,
    caveats
from marts.kpi
where
    council = :council
    and transaction = :transaction
    and period_kind = :period_kind
order by period_start, kpi <> 'volume', kpi, version, label
