-- grain: the figures in marts.kpi of the touched periods, which are about to be computed again
delete from marts.kpi as known
using touched_period as touched
where
    known.council = :council
    and known.transaction = :transaction
    and known.period_kind = touched.period_kind
    and known.period_start = touched.period_start
