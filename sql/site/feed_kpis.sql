-- grain: one released KPI figure of a feed
select
    period_kind,
    period_start,
    kpi,
    version,
    label,
    cast(numerator as double precision) as numerator,
    cast(denominator as double precision) as denominator,
    cast(value as double precision) as value,
    basis,
    to_json(caveats) as caveats
from open_data.kpi
where council = :council and transaction = :transaction
order by kpi collate "C", version collate "C", period_kind collate "C", period_start, label collate "C"
