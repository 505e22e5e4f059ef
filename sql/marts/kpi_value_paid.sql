-- grain: touched period; pounds paid, less refunds
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    period_kind,
    period_start,
    'value-paid',
    '1',
    coalesce(sum(amount), 0),
    null,
    coalesce(sum(amount), 0) as figure,
    basis
from counted_period
group by period_kind, period_start, basis
