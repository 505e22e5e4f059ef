-- grain: one local day whose figures change because time has passed: days that this delivery makes complete, and the
-- ten before, whose one-working-day deadlines (never further away than that) may have run out since
insert into ledger.stale_day (feed_id, day)
select
    :feed_id,
    cast(days.day as date)
from (
    select
        coalesce(
            (
                select cast(max(newest.complete_until) at time zone 'Europe/London' as date) - 10
                from ledger.delivery as newest
                where
                    newest.feed_id = :feed_id
                    and newest.status = 'loaded'
                    and newest.superseded_by is null
                    and newest.delivery_id <> :delivery_id
            ),
            cast(:covers_from as date),
            (
                select cast(min(first.reported_at) at time zone 'Europe/London' as date)
                from core.record as first
                where first.feed_id = :feed_id
            )
        ) as since
) as newly
cross join
    lateral
    generate_series(newly.since, cast(:complete_until as date) - 1, interval '1 day') as days (day)
where
    cast(:complete_until as date) > coalesce(
        (
            select cast(max(newest.complete_until) at time zone 'Europe/London' as date)
            from ledger.delivery as newest
            where
                newest.feed_id = :feed_id
                and newest.status = 'loaded'
                and newest.superseded_by is null
                and newest.delivery_id <> :delivery_id
        ),
        date '-infinity'
    )
on conflict do nothing
