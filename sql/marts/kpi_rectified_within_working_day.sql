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
    coalesce(sum(count) filter (where in_time), 0),
    sum(count),
    coalesce(sum(count) filter (where in_time), 0) / nullif(cast(sum(count) as numeric), 0),
    basis
from counted
where
    demand
    and due
    and upheld
group by period_kind, period_start, basis
