-- grain: one feed of a council that was told to be late and of which nothing has come since
select
    feed.transaction,
    late_notice.late_from
from ledger.late_notice
inner join ledger.feed on late_notice.feed_id = feed.feed_id
where feed.council = :council and late_notice.came_at is null
order by feed.transaction
