-- grain: touched period; loans renewed, of which one renewal may have several
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    period_kind,
    period_start,
    'items-renewed',
    '1',
    coalesce(sum(items), 0),
    null,
    coalesce(sum(items), 0) as figure,
    basis
from counted_period
group by period_kind, period_start, basis
