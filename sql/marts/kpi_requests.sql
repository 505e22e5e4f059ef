-- grain: touched period x first applications and renewals
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    kinds.kpi,
    '1',
    coalesce(sum(counted.count) filter (where request.label = kinds.label), 0),
    null,
    coalesce(sum(counted.count) filter (where request.label = kinds.label), 0),
    touched.basis
from touched_period as touched
cross join (values ('applications', 'application'), ('renewals', 'renewal')) as kinds (kpi, label)
left join counted
    on
        touched.period_kind = counted.period_kind
        and touched.period_start = counted.period_start
        and counted.demand
left join core.label as request on counted.request = request.label_id
group by touched.period_kind, touched.period_start, touched.basis, kinds.kpi
