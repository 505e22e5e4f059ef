-- grain: the figures in marts.kpi of the weeks and months that are about to be computed again
-- Of a period that only looks back on a change, those are the figures that look back.
delete from marts.kpi as known
using reached_period as reached
where
    known.council = :council
    and known.transaction = :transaction
    and known.period_kind = reached.period_kind
    and known.period_start = reached.period_start
    and (reached.direct or known.kpi = 'repeat-misses')
