-- grain: finished hour of one feed's page, from the first look on or from `since`; without a look it is unmonitored
select
    given.hour,
    page_check.response_ms,
    coalesce(page_check.state, 'unmonitored') as state
from
    generate_series(
        (
            select min(known.hour)
            from ledger.page_check as known
            where known.feed_id = :feed_id and known.hour >= :since
        ),
        cast(:until as timestamptz) - interval '1 hour',
        interval '1 hour'
    ) as given (hour)
left join ledger.page_check on given.hour = page_check.hour and page_check.feed_id = :feed_id
order by given.hour
