-- grain: whole, finished period of a feed: its total now and as it was released, and what was accepted for it
select
    total.period_start,
    total.reports as found,
    total.reports as weight,
    shown.reports as before,
    shown.first_reports as first,
    accepted.found as accepted
from marts.volume as total
left join open_data.period as shown
    on
        total.council = shown.council
        and total.transaction = shown.transaction
        and total.period_kind = shown.period_kind
        and total.period_start = shown.period_start
left join
    lateral (
        select hold.found
        from ledger.hold
        inner join ledger.approval on hold.approval_id = approval.approval_id and approval.decision = 'released'
        where
            hold.feed_id = :feed_id
            and hold.check_name = 'volume'
            and total.period_kind = hold.period_kind
            and total.period_start = hold.period_start
        order by hold.hold_id desc
        limit 1
    ) as accepted
    on true
where
    total.council = :council
    and total.transaction = :transaction
    and total.period_kind = :period_kind
    and total.breakdown = 'total'
    and total.basis = 'full'
order by total.period_start
