-- grain: one week or month to be computed again, with its bounds as moments and whether the feed covers it whole
-- Whole is a period from the feed's first day on and before the newest moment that a delivery reaches; one of counts
-- only when all its parts are stated, and one of changes only when no delivery of it was turned down.
-- direct: its own records changed; the others only look back on a day that did.
create temporary table reached_period on commit drop as
with stale as (
    select day
    from ledger.stale_day
    where feed_id = :feed_id
),

days as (
    select
        reports.day,
        lag(reports.day) over (order by reports.day) as before
    from (
        select distinct cast(known.reported_at at time zone 'Europe/London' as date) as day
        from core.record as known
        where
            known.feed_id = :feed_id
            and cast(:covers_from as date) is null
    ) as reports
),

covered as (
    select
        -- Without a day in the council's file: since the last long silence, so that a date that slipped says nothing.
        coalesce(
            cast(:covers_from as date),
            (
                select coalesce(max(days.day) filter (where days.day - days.before > :quiet_days), min(days.day))
                from days
            )
        ) as first_day,
        newest.as_of,
        newest.complete_until
    from (
        select
            max(delivery.as_of) as as_of,
            max(delivery.complete_until) as complete_until
        from ledger.delivery
        where
            delivery.feed_id = :feed_id
            and delivery.status = 'loaded'
            and delivery.superseded_by is null
    ) as newest
),

kept as (
    select
        marks.day,
        lag(marks.day) over (order by marks.day) as before
    from (
        select days.day
        from days
        left join stale on days.day = stale.day
        where stale.day is null and days.day >= (select covered.first_day from covered)
        union all
        select max(stale.day)
        from stale
    ) as marks
),

-- Where what changed may have moved a first day that the council's file does not give, all periods are in question.
changed as (
    select day from stale
    union
    select cast(everything.moment as date)
    from covered
    cross join
        lateral generate_series(
            cast(least(covered.first_day, (select min(days.day) from days)) as timestamp),
            covered.complete_until at time zone 'Europe/London',
            interval '1 day'
        ) as everything (moment)
    where
        cast(:covers_from as date) is null
        and (
            covered.first_day >= (select min(stale.day) from stale)
            or (select max(kept.day - kept.before) from kept) > :quiet_days
        )
),

touched as (
    select
        kinds.period_kind,
        cast(starts.moment as date) as period_start,
        cast(starts.moment + kinds.length as date) as period_end,
        bool_or(starts.moment <= changed.day) as direct
    from changed
    cross join
        (values ('week', interval '7 days'), ('month', interval '1 month')) as kinds (period_kind, length)
    cross join
        lateral generate_series(
            date_trunc(kinds.period_kind, cast(changed.day as timestamp)),
            -- So many weeks of 24 hours a day may end a local day later.
            cast(changed.day + 7 * :look_back_weeks + least(:look_back_weeks, 1) as timestamp),
            kinds.length
        ) as starts (moment)
    where kinds.period_kind = any(cast(:period_kinds as text[]))
    group by kinds.period_kind, starts.moment, kinds.length
),

bounded as (
    select
        touched.*,
        cast(touched.period_start as timestamp) at time zone 'Europe/London' as starts_at,
        cast(touched.period_end as timestamp) at time zone 'Europe/London' as ends_at
    from touched
),

gaps as (
    select
        turned_down.as_of,
        coalesce(
            (
                select max(before.as_of)
                from ledger.delivery as before
                where before.feed_id = :feed_id and before.status = 'loaded' and before.as_of < turned_down.as_of
            ), '-infinity'
        ) as since
    from ledger.delivery as turned_down
    where
        turned_down.feed_id = :feed_id
        and :only_changes
        and turned_down.status = 'rejected'
        and not exists (
            select 1 from ledger.delivery as instead
            where
                instead.feed_id = :feed_id
                and instead.name = turned_down.name
                and instead.as_of = turned_down.as_of
                and instead.status = 'loaded'
        )
)

select
    bounded.period_kind,
    bounded.period_start,
    bounded.direct,
    covered.first_day,
    covered.as_of,
    bounded.starts_at,
    bounded.ends_at,
    case
        when
            bounded.period_start >= covered.first_day
            and bounded.period_end <= cast(covered.complete_until at time zone 'Europe/London' as date)
            and not exists (
                select 1 from gaps
                where gaps.since < bounded.ends_at and gaps.as_of > bounded.starts_at
            )
            and (
                cast(:counted_by as text) is null
                or (
                    select count(distinct stated.reported_at)
                    from core.record as stated
                    where
                        stated.feed_id = :feed_id
                        and stated.reported_at >= bounded.starts_at
                        and stated.reported_at < bounded.ends_at
                ) >= case when :counted_by = 'day' then bounded.period_end - bounded.period_start else 1 end
            )
            then 'full'
        else 'partial'
    end as basis
from bounded
cross join covered
