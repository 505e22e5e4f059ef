-- grain: touched period; share of reports closed by the end of the next working day of the council's division
-- Only reports whose deadline has passed are counted, so that a week still being worked on is not marked down.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'closed-within-one-working-day',
    '1',
    coalesce(sum(counted.count) filter (where counted.in_time), 0),
    coalesce(sum(counted.count), 0),
    coalesce(sum(counted.count) filter (where counted.in_time), 0)
    / nullif(cast(sum(counted.count) as numeric), 0),
    touched.basis
from touched_period as touched
left join counted
    on
        touched.period_kind = counted.period_kind
        and touched.period_start = counted.period_start
        and counted.demand
        and counted.due
group by touched.period_kind, touched.period_start, touched.basis
