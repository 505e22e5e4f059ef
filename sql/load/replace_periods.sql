-- grain: one count of a period that a newer delivery states again without it; its day becomes stale
with removed as (
    delete from core.record
    where
        feed_id = :feed_id
        and reported_at = any(cast(:periods as timestamptz[]))
        and record_ref <> all(cast(:refs as text[]))
        -- Each of a night's several files states a part of the period.
        and delivery_id in (
            select delivery.delivery_id from ledger.delivery
            where delivery.feed_id = :feed_id and delivery.series = :series
        )
    returning reported_at
),

stale as (
    insert into ledger.stale_day (feed_id, day)
    select distinct
        :feed_id,
        cast(removed.reported_at at time zone 'Europe/London' as date)
    from removed
    on conflict do nothing
)

select count(*) as withdrawn from removed
