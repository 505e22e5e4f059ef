-- grain: one released KPI figure of a feed that the file of a council which takes part has
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
inner join marts.offer
    on
        kpi.council = offer.council
        and kpi.transaction = offer.transaction
        and offer.state = 'provided'
order by kpi.transaction, kpi.council, kpi.kpi, kpi.version, kpi.period_kind, kpi.period_start, kpi.label
