-- grain: one calendar quarter whose last 12 months, or the 12 before them, hold a month to be computed again
-- finished: the deliveries reach its end.
create temporary table touched_quarter on commit drop as
select distinct
    cast(quarters.moment as date) as period_start,
    cast(quarters.moment + interval '3 months' as date) as period_end,
    coalesce(
        quarters.moment + interval '3 months' <= (
            select max(delivery.complete_until) at time zone 'Europe/London'
            from ledger.delivery
            where
                delivery.feed_id = :feed_id
                and delivery.status = 'loaded'
                and delivery.superseded_by is null
        ), false
    ) as finished
from reached_period as reached
cross join
    lateral generate_series(
        date_trunc('quarter', cast(reached.period_start as timestamp)),
        date_trunc('quarter', cast(reached.period_start as timestamp)) + interval '21 months',
        interval '3 months'
    ) as quarters (moment)
where reached.period_kind = 'month' and reached.direct
