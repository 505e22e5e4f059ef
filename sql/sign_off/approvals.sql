-- grain: one decision of a person on what a feed publishes, newest first
select
    approval.approval_id,
    feed.council,
    feed.transaction,
    approval.decided_at,
    approval.decided_by,
    approval.through,
    approval.decision,
    approval.reasons,
    approval.note,
    approval.run_id,
    approval.figures
from ledger.approval
inner join ledger.feed on approval.feed_id = feed.feed_id
where :council = '' or feed.council = :council
order by approval.decided_at desc, approval.approval_id desc
