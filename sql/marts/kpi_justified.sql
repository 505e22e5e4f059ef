-- grain: touched period; reports that the council found to be right
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    period_kind,
    period_start,
    'justified',
    '1',
    coalesce(sum(upheld), 0),
    null,
    coalesce(sum(upheld), 0) as figure,
    basis
from counted_period
group by period_kind, period_start, basis
