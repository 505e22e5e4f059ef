-- grain: one lateness of one feed that is over
update ledger.late_notice
set came_at = clock_timestamp()
from ledger.feed
where
    late_notice.feed_id = feed.feed_id
    and feed.council = :council
    and feed.transaction = any(cast(:transactions as text[]))
    and late_notice.came_at is null
