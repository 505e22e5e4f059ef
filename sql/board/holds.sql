-- grain: one figure of a council that is held back now
select
    feed.transaction,
    hold.check_name,
    hold.period_kind,
    hold.period_start,
    hold.found,
    hold.lowest,
    hold.highest,
    hold.raised_at
from ledger.hold
inner join ledger.feed on hold.feed_id = feed.feed_id
where feed.council = :council and hold.approval_id is null and hold.lifted_at is null
order by feed.transaction, hold.check_name, hold.period_start
