-- grain: touched period; completed over begun (GDS service manual)
-- Begun are those that were completed and those given up, or as many as the export says beside each count. An export
-- that says neither gives no rate.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    period_kind,
    period_start,
    'completion-rate',
    '1',
    coalesce(sum(reports), 0),
    coalesce(sum(begun), 0),
    coalesce(sum(reports), 0) / nullif(sum(begun), 0),
    basis
from counted_period
group by period_kind, period_start, basis
