-- grain: one finished calendar quarter whose last 12 months, or the 12 before them, hold a day that changed
create temporary table touched_quarter on commit drop as
select distinct
    cast(quarters.moment as date) as period_start,
    cast(quarters.moment + interval '3 months' as date) as period_end
from ledger.stale_day as stale
cross join
    lateral generate_series(
        date_trunc('quarter', cast(stale.day as timestamp)),
        date_trunc('quarter', cast(stale.day as timestamp)) + interval '21 months',
        interval '3 months'
    ) as quarters (moment)
where
    stale.feed_id = :feed_id
    and quarters.moment + interval '3 months' <= (
        select max(delivery.complete_until) at time zone 'Europe/London'
        from ledger.delivery
        where
            delivery.feed_id = :feed_id
            and delivery.status = 'loaded'
            and delivery.superseded_by is null
    )
