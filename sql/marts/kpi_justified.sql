-- grain: touched period; reports that the council found to be right
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'justified',
    '1',
    coalesce(sum(counted.count), 0),
    null,
    coalesce(sum(counted.count), 0),
    touched.basis
from touched_period as touched
left join counted
    on
        touched.period_kind = counted.period_kind
        and touched.period_start = counted.period_start
        and counted.demand
        and counted.upheld
group by touched.period_kind, touched.period_start, touched.basis
