-- grain: touched period x first applications and renewals
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    counted.period_kind,
    counted.period_start,
    kinds.kpi,
    '1',
    coalesce(sum(counted.reports) filter (where request.label = kinds.label), 0),
    null,
    coalesce(sum(counted.reports) filter (where request.label = kinds.label), 0),
    counted.basis
from counted_period as counted
cross join (values ('applications', 'application'), ('renewals', 'renewal')) as kinds (kpi, label)
left join core.label as request on counted.request = request.label_id
group by counted.period_kind, counted.period_start, counted.basis, kinds.kpi
