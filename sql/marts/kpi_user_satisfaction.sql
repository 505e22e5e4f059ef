-- grain: touched period; the mean rating from 1 to 5 as a share of the way from worst to best (GDS service manual)
-- numerator: points above 1; denominator: 4 for each rating. Without a rating there is no value.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    period_kind,
    period_start,
    'user-satisfaction',
    '1',
    coalesce(sum((rating - 1) * reports), 0),
    coalesce(sum(4 * reports) filter (where rating is not null), 0),
    sum((rating - 1) * reports) / nullif(sum(4 * reports) filter (where rating is not null), 0),
    basis
from counted_period
group by period_kind, period_start, basis
