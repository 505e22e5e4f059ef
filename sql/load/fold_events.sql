-- grain: one case whose events have changed, as all its events together tell it; takes the place of a staged delivery
-- The report's channel is the first one that is given; everything else is the last that was said. Closed is a case
-- whose last status closes it, at the first closing event since it was last open. A case of which only the closing is
-- known, and no time of report, is no record: it was reported before the log began.
create temporary table stage on commit drop as
with history as (
    select
        event.*,
        -- Deliveries of one moment are told apart by what they are complete to, not by when they came.
        row_number() over (
            partition by event.record_ref
            order by event.event_at, delivery.as_of, event.delivery_id, event.line
        ) as position,
        status.label = any(cast(:closing as text[])) as closes
    from core.event
    inner join ledger.delivery on event.delivery_id = delivery.delivery_id
    left join core.label as status on event.status = status.label_id
    where event.feed_id = :feed_id and event.record_ref = any(cast(:refs as text[]))
),

last_open as (
    select
        record_ref,
        max(position) as position
    from history
    where not closes
    group by record_ref
)

select
    history.record_ref,
    min(history.reported_at) as reported_at,
    case
        when (array_agg(history.closes order by history.position desc) filter (where history.closes is not null))[1]
            then coalesce(
                (
                    array_agg(history.closed_at order by history.position desc)
                    filter (
                        where history.closed_at is not null and history.position > coalesce(last_open.position, 0)
                    )
                )[1],
                min(history.event_at) filter (
                    where history.closes and history.position > coalesce(last_open.position, 0)
                )
            )
    end as closed_at,
    coalesce(
        (array_agg(history.channel order by history.position) filter (where history.channel is not null))[1], :unmapped
    ) as channel,
    (array_agg(history.status order by history.position desc) filter (where history.status is not null))[1] as status,
    (array_agg(history.ward order by history.position desc) filter (where history.ward is not null))[1] as ward,
    (array_agg(history.stream order by history.position desc) filter (where history.stream is not null))[1] as stream,
    (array_agg(history.reason order by history.position desc) filter (where history.reason is not null))[1] as reason,
    (
        array_agg(history.outcome order by history.position desc) filter (where history.outcome is not null)
    )[1] as outcome,
    (
        array_agg(history.age_group order by history.position desc) filter (where history.age_group is not null)
    )[1] as age_group,
    (
        array_agg(history.branch order by history.position desc) filter (where history.branch is not null)
    )[1] as branch,
    (
        array_agg(history.payment_method order by history.position desc) filter (
            where history.payment_method is not null
        )
    )[1] as payment_method,
    (
        array_agg(history.concession order by history.position desc) filter (where history.concession is not null)
    )[1] as concession,
    (
        array_agg(history.request order by history.position desc) filter (where history.request is not null)
    )[1] as request,
    (
        array_agg(history.premises_key order by history.position desc) filter (where history.premises_key is not null)
    )[1] as premises_key,
    (
        array_agg(history.rating order by history.position desc) filter (where history.rating is not null)
    )[1] as rating,
    (
        array_agg(history.items order by history.position desc) filter (where history.items is not null)
    )[1] as items,
    (
        array_agg(history.starts order by history.position desc) filter (where history.starts is not null)
    )[1] as starts,
    (
        array_agg(history.amount order by history.position desc) filter (where history.amount is not null)
    )[1] as amount,
    1 as count,
    coalesce(
        max(history.line) filter (where history.delivery_id = :delivery_id), max(history.line)
    ) as line
from history
left join last_open on history.record_ref = last_open.record_ref
group by history.record_ref
having :report_is_told or not bool_and(coalesce(history.closes, false))
