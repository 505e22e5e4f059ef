-- grain: the newest decision on a feed since its stage became what it is now, when it was to keep the figures back
select
    decided_at,
    decided_by,
    reasons,
    figures
from (
    select
        approval.decided_at,
        approval.decided_by,
        approval.reasons,
        approval.figures,
        approval.decision
    from ledger.approval
    where
        approval.feed_id = :feed_id
        and approval.decided_at > coalesce(
            (
                select max(stage.seen_at)
                from ledger.stage
                where stage.feed_id = :feed_id
            ), '-infinity'
        )
    order by approval.decided_at desc
    limit 1
) as newest
where decision = 'kept-back'
