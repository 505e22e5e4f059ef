-- grain: one record that only a superseded delivery knew; it goes, and its day becomes stale
with removed as (
    delete from core.record
    where feed_id = :feed_id and record_ref = any(cast(:refs as text[]))
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
