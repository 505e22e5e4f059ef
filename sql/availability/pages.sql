-- grain: one feed with the newest look at its page and the share of the monitored time since a moment that it was up
select
    feed.council,
    feed.transaction,
    newest.hour,
    newest.state,
    newest.response_ms,
    newest.reason,
    newest.status,
    share.uptime
from ledger.feed
left join lateral (
    select
        page_check.hour,
        page_check.state,
        page_check.response_ms,
        page_check.reason,
        page_check.status
    from ledger.page_check
    where page_check.feed_id = feed.feed_id
    order by page_check.hour desc
    limit 1
) as newest on true
cross join
    lateral (
        select
            round(
                cast(count(*) filter (where page_check.state = 'up') as numeric)
                / nullif(count(*) filter (where page_check.state <> 'unmonitored'), 0),
                4
            ) as uptime
        from ledger.page_check
        where page_check.feed_id = feed.feed_id and page_check.hour >= :since
    ) as share
where feed.feed_id = any(cast(:feed_ids as integer[]))
order by feed.council, feed.transaction
