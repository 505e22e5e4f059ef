-- grain: one data set that a feed published when somebody released its figures, since its stage became what it is now
select distinct names.value as data_set
from ledger.approval
cross join lateral jsonb_array_elements_text(approval.figures -> 'data_sets') as names (value)
where
    approval.feed_id = :feed_id
    and approval.decision = 'released'
    and approval.decided_at > coalesce(
        (
            select max(stage.seen_at)
            from ledger.stage
            where stage.feed_id = :feed_id
        ), '-infinity'
    )
