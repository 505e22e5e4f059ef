-- grain: public period of a feed that the marts have no longer as a whole one, unless somebody has released that
select
    shown.period_kind,
    shown.period_start,
    shown.reports
from open_data.period as shown
inner join open_data.feed on shown.council = feed.council and shown.transaction = feed.transaction
where
    shown.council = :council
    and shown.transaction = :transaction
    and not exists (
        select 1 from marts.volume
        where
            volume.council = shown.council
            and volume.transaction = shown.transaction
            and volume.period_kind = shown.period_kind
            and volume.period_start = shown.period_start
            and volume.breakdown = 'total'
            and volume.basis = 'full'
    )
    and not exists (
        select 1 from ledger.hold
        inner join ledger.approval on hold.approval_id = approval.approval_id and approval.decision = 'released'
        where
            hold.feed_id = :feed_id
            and hold.check_name = 'gone'
            and hold.period_kind = shown.period_kind
            and hold.period_start = shown.period_start
            -- A period that came back since then is public anew.
            and approval.decided_at > feed.released_at
    )
order by shown.period_kind, shown.period_start
