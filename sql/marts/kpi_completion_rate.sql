-- grain: touched period; completed over begun (GDS service manual)
-- Begun are those that were completed and those given up, or as many as the export says beside each count. An export
-- that says neither gives no rate.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'completion-rate',
    '1',
    coalesce(sum(counted.count) filter (where counted.demand), 0),
    coalesce(sum(coalesce(counted.starts, counted.count)), 0),
    coalesce(sum(counted.count) filter (where counted.demand), 0)
    / cast(nullif(sum(coalesce(counted.starts, counted.count)), 0) as numeric),
    touched.basis
from touched_period as touched
left join counted
    on
        touched.period_kind = counted.period_kind
        and touched.period_start = counted.period_start
        and (counted.demand or counted.given_up)
group by touched.period_kind, touched.period_start, touched.basis
