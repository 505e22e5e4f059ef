-- grain: council x transaction x period x cell of a breakdown (or of two) that has been released, newest version
-- state: `shown`, or `withheld` to protect privacy, without a count. What was never released is in neither.
create view marts.released_count as
with newest as (
    select distinct on (release.feed_id, release.period_kind, release.period_start)
        feed.council,
        feed.transaction,
        release.period_kind,
        release.period_start,
        release.version,
        release.shown,
        release.withheld,
        release.released_at
    from ledger.release
    inner join ledger.feed on release.feed_id = feed.feed_id
    order by release.feed_id asc, release.period_kind asc, release.period_start asc, release.version desc
),

cells as (
    select
        newest.*,
        cell.value - -1 as pairs,
        cast(cell.value ->> -1 as bigint) as reports,
        'shown' as state
    from newest
    cross join lateral jsonb_array_elements(newest.shown) as cell (value)
    union all
    select
        newest.*,
        cell.value as pairs,
        null as reports,
        'withheld' as state
    from newest
    cross join lateral jsonb_array_elements(newest.withheld) as cell (value)
)

select
    council,
    transaction,
    period_kind,
    period_start,
    reports,
    state,
    version,
    released_at,
    pairs -> 0 ->> 0 as breakdown,
    pairs -> 0 ->> 1 as label,
    coalesce(pairs -> 1 ->> 0, '') as across,
    coalesce(pairs -> 1 ->> 1, '') as across_label
from cells;
