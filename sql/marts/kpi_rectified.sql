-- grain: touched period; upheld reports that have been put right so far
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    period_kind,
    period_start,
    'rectified',
    '1',
    coalesce(sum(rectified), 0),
    null,
    coalesce(sum(rectified), 0) as figure,
    basis
from counted_period
group by period_kind, period_start, basis
