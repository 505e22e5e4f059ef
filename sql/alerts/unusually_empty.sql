-- grain: one delivery of a feed without an accepted row, although each of those before it had at least `usual`
-- Of those of the same weekday four are enough; of those of any day, which a quiet weekend is among, it takes eight.
select
    delivery.delivery_id,
    delivery.name
from ledger.delivery
cross join
    lateral (
        select
            count(*) filter (where earlier.of_weekday <= 4 and earlier.same_weekday) as of_weekday,
            min(earlier.accepted) filter (where earlier.of_weekday <= 4 and earlier.same_weekday) as least_of_weekday,
            count(*) filter (where earlier.of_any <= 8) as of_any,
            min(earlier.accepted) filter (where earlier.of_any <= 8) as least_of_any
        from (
            select
                other.accepted,
                days.same_weekday,
                row_number() over (order by other.as_of desc, other.delivery_id desc) as of_any,
                row_number() over (
                    partition by days.same_weekday
                    order by other.as_of desc, other.delivery_id desc
                ) as of_weekday
            from ledger.delivery as other
            cross join
                lateral (
                    select
                        extract(isodow from other.as_of at time zone 'Europe/London')
                        = extract(isodow from delivery.as_of at time zone 'Europe/London') as same_weekday
                ) as days
            where
                other.feed_id = delivery.feed_id
                and other.series = delivery.series
                and other.status in ('validated', 'loaded')
                and other.superseded_by is null
                and other.as_of < delivery.as_of
                and other.as_of > delivery.as_of - interval '400 days'
        ) as earlier
    ) as usual
where
    delivery.delivery_id = any(cast(:delivery_ids as bigint[]))
    and delivery.status in ('validated', 'loaded')
    and delivery.accepted = 0
    and (
        (usual.of_weekday = 4 and usual.least_of_weekday >= :usual)
        or (usual.of_any = 8 and usual.least_of_any >= :usual)
    )
order by delivery.delivery_id
