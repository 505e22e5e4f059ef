-- grain: one event that is known already, and that an earlier delivery than its teller has now told of too
update core.event as known
set
    delivery_id = :delivery_id,
    line = staged.line
from stage as staged, ledger.delivery as teller, ledger.delivery as this
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
    and known.delivery_id = teller.delivery_id
    and this.delivery_id = :delivery_id
    and (this.as_of, this.delivery_id) < (teller.as_of, teller.delivery_id)
