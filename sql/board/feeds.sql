-- grain: one feed of the ledger with its newest delivery, its newest push and what was decided on it
-- councils: of these only.
select
    feed.feed_id,
    feed.council,
    feed.transaction,
    newest.delivery_id,
    newest.name,
    newest.status,
    newest.as_of,
    newest.received_at,
    newest.complete_until,
    newest.run_id,
    newest.accepted,
    newest.quarantined,
    loaded.loaded_until,
    pushed.run_id as push_run_id,
    pushed.started_at as push_started_at,
    pushed.finished_at as push_finished_at,
    published.finished_at as last_published_at,
    decided.decision,
    decided.going_live,
    coalesce(known.data_sets, '{}') as known_data_sets,
    coalesce(held.figures, 0) as held_figures,
    shown.council is not null as public,
    coalesce(faults.own, '{}') as failed_steps,
    coalesce(faults.shared, '{}') as shared_failed_steps
from ledger.feed
left join lateral (
    select delivery.*
    from ledger.delivery
    where delivery.feed_id = feed.feed_id
    order by delivery.as_of desc, delivery.delivery_id desc
    limit 1
) as newest on true
left join lateral (
    -- Up to when what is loaded is complete.
    select max(delivery.complete_until) as loaded_until
    from ledger.delivery
    where delivery.feed_id = feed.feed_id and delivery.status = 'loaded' and delivery.superseded_by is null
) as loaded on true
left join lateral (
    select
        send.run_id,
        send.started_at,
        send.finished_at
    from ledger.send
    where send.council = feed.council and send.transaction = feed.transaction
    order by send.send_id desc
    limit 1
) as pushed on true
left join lateral (
    select send.finished_at
    from ledger.send
    where send.council = feed.council and send.transaction = feed.transaction and send.finished_at is not null
    order by send.send_id desc
    limit 1
) as published on true
left join lateral (
    -- Since the stage became what it is now; the same as sign_off/going_live and sign_off/kept_back have for one feed.
    select
        (array_agg(approval.decision order by approval.decided_at desc))[1] as decision,
        bool_or(approval.decision = 'released' and 'going-live' = any(approval.reasons)) as going_live
    from ledger.approval
    where
        approval.feed_id = feed.feed_id
        and approval.decided_at > coalesce(
            (
                select max(stage.seen_at)
                from ledger.stage
                where stage.feed_id = feed.feed_id
            ), '-infinity'
        )
) as decided on true
left join lateral (
    -- As sign_off/known_data_sets.
    select array_agg(distinct names.value) as data_sets
    from ledger.approval
    cross join lateral jsonb_array_elements_text(approval.figures -> 'data_sets') as names (value)
    where
        approval.feed_id = feed.feed_id
        and approval.decision = 'released'
        and approval.decided_at > coalesce(
            (
                select max(stage.seen_at)
                from ledger.stage
                where stage.feed_id = feed.feed_id
            ), '-infinity'
        )
) as known on true
left join lateral (
    select count(*) as figures
    from ledger.hold
    where hold.feed_id = feed.feed_id and hold.approval_id is null and hold.lifted_at is null
) as held on true
left join lateral (
    -- Steps whose fault still stands; those without a transaction are of all feeds of the council.
    select
        array_agg(distinct fault.step) filter (where fault.transaction <> '') as own,
        array_agg(distinct fault.step) filter (where fault.transaction = '') as shared
    from ledger.fault
    where
        fault.council = feed.council
        and fault.transaction in (feed.transaction, '')
        and fault.mended_at is null
) as faults on true
left join open_data.feed as shown on feed.council = shown.council and feed.transaction = shown.transaction
where feed.council = any(cast(:councils as text[]))
order by feed.council, feed.transaction
