-- grain: the newest decision to let a feed go live that was taken since its stage became what it is now
select
    approval.decided_at,
    approval.decided_by
from ledger.approval
where
    approval.feed_id = :feed_id
    and approval.decision = 'released'
    and 'going-live' = any(approval.reasons)
    and approval.decided_at > coalesce(
        (
            select max(stage.seen_at)
            from ledger.stage
            where stage.feed_id = :feed_id
        ), '-infinity'
    )
order by approval.decided_at desc
limit 1
