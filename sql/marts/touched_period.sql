-- grain: one week or month to be computed again, with its bounds as moments and whether the feed covers it whole
create temporary table touched_period on commit drop as
with covered as (
    select
        coalesce(
            cast(:covers_from as date),
            (
                select cast(min(known.reported_at) at time zone 'Europe/London' as date)
                from core.record as known
                where known.feed_id = :feed_id
            )
        ) as first_day,
        newest.as_of,
        newest.complete_until
    from (
        select
            max(delivery.as_of) as as_of,
            max(delivery.complete_until) as complete_until
        from ledger.delivery
        where delivery.feed_id = :feed_id and delivery.status = 'loaded'
    ) as newest
),

touched as (
    select distinct
        kinds.period_kind,
        cast(date_trunc(kinds.period_kind, stale.day) as date) as period_start,
        cast(date_trunc(kinds.period_kind, stale.day) + kinds.length as date) as period_end
    from ledger.stale_day as stale
    cross join
        (values ('week', interval '7 days'), ('month', interval '1 month')) as kinds (period_kind, length)
    where stale.feed_id = :feed_id and kinds.period_kind = any(cast(:period_kinds as text[]))
)

select
    touched.period_kind,
    touched.period_start,
    covered.as_of,
    cast(touched.period_start as timestamp) at time zone 'Europe/London' as starts_at,
    cast(touched.period_end as timestamp) at time zone 'Europe/London' as ends_at,
    case
        when
            touched.period_start >= covered.first_day
            and touched.period_end <= cast(covered.complete_until at time zone 'Europe/London' as date)
            then 'full'
        else 'partial'
    end as basis
from touched
cross join covered
