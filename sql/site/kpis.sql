-- grain: one released KPI figure of a council that takes part
select
    kpi.council,
    kpi.transaction,
    kpi.period_kind,
    kpi.period_start,
    kpi.kpi,
    kpi.version,
    kpi.label,
    kpi.numerator,
    kpi.denominator,
    kpi.value,
    kpi.basis,
    kpi.caveats
from open_data.kpi
inner join marts.council on kpi.council = council.council
order by kpi.transaction, kpi.council, kpi.kpi, kpi.version, kpi.period_kind, kpi.period_start, kpi.label
