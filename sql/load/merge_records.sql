-- grain: one record of a feed; only new and changed ones are written, and their old and new days become stale
with differing as (
    select
        staged.*,
        known.reported_at as was_reported_at,
        known.record_ref is null as is_new
    from stage as staged
    left join core.record as known
        on known.feed_id = :feed_id and staged.record_ref = known.record_ref
    where
        known.record_ref is null
        or (
            staged.reported_at, staged.closed_at, staged.channel, staged.status, staged.ward,
            staged.stream, staged.reason, staged.outcome, staged.age_group, staged.branch,
            staged.payment_method, staged.concession, staged.request, staged.premises_key,
            staged.rating, staged.items, staged.starts, staged.amount, staged.count
        ) is distinct from (
            known.reported_at, known.closed_at, known.channel, known.status, known.ward,
            known.stream, known.reason, known.outcome, known.age_group, known.branch,
            known.payment_method, known.concession, known.request, known.premises_key,
            known.rating, known.items, known.starts, known.amount, known.count
        )
),

written as (
    insert into core.record (
        feed_id, record_ref, reported_at, closed_at, channel, status, ward, stream, reason, outcome,
        age_group, branch, payment_method, concession, request, premises_key, rating, items, starts, amount,
        count, delivery_id, line
    )
    select
        :feed_id,
        record_ref,
        reported_at,
        closed_at,
        channel,
        status,
        ward,
        stream,
        reason,
        outcome,
        age_group,
        branch,
        payment_method,
        concession,
        request,
        premises_key,
        rating,
        items,
        starts,
        amount,
        count,
        :delivery_id,
        line
    from differing
    on conflict (feed_id, record_ref) do update set
        reported_at = excluded.reported_at,
        closed_at = excluded.closed_at,
        channel = excluded.channel,
        status = excluded.status,
        ward = excluded.ward,
        stream = excluded.stream,
        reason = excluded.reason,
        outcome = excluded.outcome,
        age_group = excluded.age_group,
        branch = excluded.branch,
        payment_method = excluded.payment_method,
        concession = excluded.concession,
        request = excluded.request,
        premises_key = excluded.premises_key,
        rating = excluded.rating,
        items = excluded.items,
        starts = excluded.starts,
        amount = excluded.amount,
        count = excluded.count,
        delivery_id = excluded.delivery_id,
        line = excluded.line
),

stale as (
    insert into ledger.stale_day (feed_id, day)
    select distinct
        :feed_id,
        cast(moments.moment at time zone 'Europe/London' as date)
    from differing
    cross join lateral (values (differing.reported_at), (differing.was_reported_at)) as moments (moment)
    where moments.moment is not null
    on conflict do nothing
)

select
    count(*) filter (where is_new) as inserted,
    count(*) filter (where not is_new) as updated
from differing
