-- grain: the figures in marts.kpi of the touched quarters; those that are finished are about to be computed again
with forgotten as (
    delete from marts.kpi as known
    using touched_quarter as touched
    where
        known.council = :council
        and known.transaction = :transaction
        and known.period_kind = 'quarter'
        and known.period_start = touched.period_start
)

delete from touched_quarter
where not finished
