-- grain: period of one feed, the newest version that was released of it
select distinct on (period_start)
    period_start,
    withheld,
    whole
from ledger.release
where feed_id = :feed_id and period_kind = :period_kind
order by period_start asc, version desc
