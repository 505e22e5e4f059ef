-- grain: touched period; share of reports closed by the end of the next working day of the council's division
-- Only reports whose deadline has passed are counted, so that a week still being worked on is not marked down.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    period_kind,
    period_start,
    'closed-within-one-working-day',
    '1',
    coalesce(sum(in_time), 0),
    coalesce(sum(due), 0),
    coalesce(sum(in_time), 0) / nullif(sum(due), 0),
    basis
from counted_period
group by period_kind, period_start, basis
