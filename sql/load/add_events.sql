-- grain: one event that no delivery has told of yet
insert into core.event (
    feed_id, record_ref, event_at, reported_at, closed_at, channel, status, ward, stream, reason, outcome,
    age_group, branch, payment_method, concession, request, premises_key, rating, items, starts, amount,
    delivery_id, line
)
select
    :feed_id,
    staged.record_ref,
    staged.event_at,
    staged.reported_at,
    staged.closed_at,
    staged.channel,
    staged.status,
    staged.ward,
    staged.stream,
    staged.reason,
    staged.outcome,
    staged.age_group,
    staged.branch,
    staged.payment_method,
    staged.concession,
    staged.request,
    staged.premises_key,
    staged.rating,
    staged.items,
    staged.starts,
    staged.amount,
    :delivery_id,
    staged.line
from stage as staged
where
    not exists (
        select 1 from core.event as known
        where
            known.feed_id = :feed_id
            and known.record_ref = staged.record_ref
            and known.event_at = staged.event_at
            and (
                known.reported_at, known.closed_at, known.channel, known.status, known.ward, known.stream,
                known.reason, known.outcome, known.age_group, known.branch, known.payment_method,
                known.concession, known.request, known.premises_key, known.rating, known.items, known.starts,
                known.amount
            ) is not distinct from (
                staged.reported_at, staged.closed_at, staged.channel, staged.status, staged.ward, staged.stream,
                staged.reason, staged.outcome, staged.age_group, staged.branch, staged.payment_method,
                staged.concession, staged.request, staged.premises_key, staged.rating, staged.items, staged.starts,
                staged.amount
            )
    )
