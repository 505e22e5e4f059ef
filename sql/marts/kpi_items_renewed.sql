-- grain: touched period; loans renewed, of which one renewal may have several
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'items-renewed',
    '1',
    coalesce(sum(counted.items), 0),
    null,
    coalesce(sum(counted.items), 0),
    touched.basis
from touched_period as touched
left join counted
    on
        touched.period_kind = counted.period_kind
        and touched.period_start = counted.period_start
        and counted.demand
group by touched.period_kind, touched.period_start, touched.basis
