-- grain: one released KPI of one council that takes part and of one transaction: what benchmarks are taken of
select
    kpi.council,
    kpi.period_kind,
    kpi.period_start,
    kpi.kpi,
    kpi.version,
    kpi.label,
    kpi.basis,
    cast(kpi.value as double precision) as value
from open_data.kpi
inner join marts.council on kpi.council = council.council
inner join marts.offer
    on
        kpi.council = offer.council
        and kpi.transaction = offer.transaction
        and offer.state = 'provided'
where kpi.transaction = :transaction and kpi.value is not null
