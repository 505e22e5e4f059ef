-- grain: council x transaction, whether it is provided, and its newest whole week (or month, where there are no weeks)
select
    offer.council,
    offer.transaction,
    offer.state as offered,
    offer.reason,
    newest.period_kind,
    newest.period_start,
    newest.volume,
    takeup.value as digital_takeup,
    coalesce(kept.records, 0) as records
from marts.offer
left join
    lateral (
        select count(*) as records
        from core.record
        inner join ledger.feed on record.feed_id = feed.feed_id
        where feed.council = offer.council and feed.transaction = offer.transaction
    ) as kept
    on true
left join
    lateral (
        select
            kpi.period_kind,
            kpi.period_start,
            cast(kpi.value as bigint) as volume
        from marts.kpi
        where
            kpi.council = offer.council
            and kpi.transaction = offer.transaction
            and kpi.kpi = 'volume'
            and kpi.basis = 'full'
            and kpi.period_kind in ('week', 'month')
        order by kpi.period_kind desc, kpi.period_start desc
        limit 1
    ) as newest
    on true
left join marts.kpi as takeup
    on
        offer.council = takeup.council
        and offer.transaction = takeup.transaction
        and newest.period_kind = takeup.period_kind
        and newest.period_start = takeup.period_start
        and takeup.kpi = 'digital-takeup'
        and takeup.version = 'current'
order by offer.council, offer.transaction
