-- grain: one version of one period's controlled counts; the same as the newest one is no new version
insert into ledger.release (
    feed_id, period_kind, period_start, version, total, shown, withheld, whole, run_id
)
select
    :feed_id,
    :period_kind,
    :period_start,
    coalesce(max(known.version), 0) + 1,
    :total,
    cast(:shown as jsonb),
    cast(:withheld as jsonb),
    :whole,
    :run_id
from ledger.release as known
where known.feed_id = :feed_id and known.period_kind = :period_kind and known.period_start = :period_start
having
    not coalesce(
        (array_agg(
            (known.total, known.shown, known.withheld, known.whole)
            is not distinct from (
                cast(:total as bigint), cast(:shown as jsonb), cast(:withheld as jsonb), cast(:whole as boolean)
            )
            order by known.version desc
        ))[1], false
    )
