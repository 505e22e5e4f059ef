-- grain: touched period; the mean rating from 1 to 5 as a share of the way from worst to best (GDS service manual)
-- numerator: points above 1; denominator: 4 for each rating. Without a rating there is no value.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'user-satisfaction',
    '1',
    coalesce(sum((counted.rating - 1) * counted.count), 0),
    coalesce(sum(4 * counted.count), 0),
    sum((counted.rating - 1) * counted.count) / cast(nullif(sum(4 * counted.count), 0) as numeric),
    touched.basis
from touched_period as touched
left join counted
    on
        touched.period_kind = counted.period_kind
        and touched.period_start = counted.period_start
        and counted.demand
        and counted.rating is not null
group by touched.period_kind, touched.period_start, touched.basis
