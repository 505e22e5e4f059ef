-- grain: one local day that only superseded deliveries reached, so that its periods are whole no longer
insert into ledger.stale_day (feed_id, day)
select
    :feed_id,
    cast(days.day as date)
from (
    select
        cast(
            greatest(
                :complete_until,
                max(delivery.complete_until) filter (
                    where delivery.status = 'loaded' and delivery.superseded_by is null
                )
            ) at time zone 'Europe/London' as date
        ) as reaches,
        cast(
            max(delivery.complete_until) filter (
                where delivery.delivery_id = any(cast(:superseded as bigint[]))
            ) at time zone 'Europe/London' as date
        ) as reached
    from ledger.delivery
    where delivery.feed_id = :feed_id
) as ends
cross join lateral generate_series(ends.reaches, ends.reached - 1, interval '1 day') as days (day)
on conflict do nothing
