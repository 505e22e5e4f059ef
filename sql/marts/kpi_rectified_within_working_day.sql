-- grain: touched period; share of upheld reports put right by the end of the next working day of the council's division
-- Only reports whose deadline has passed are counted, so that a week still being worked on is not marked down.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    period_kind,
    period_start,
    'rectified-within-one-working-day',
    '1',
    coalesce(sum(upheld_in_time), 0),
    coalesce(sum(upheld_due), 0),
    coalesce(sum(upheld_in_time), 0) / nullif(sum(upheld_due), 0),
    basis
from counted_period
group by period_kind, period_start, basis
