-- grain: council x transaction: whether its figures are public and, when not, why
select
    offer.council,
    offer.transaction,
    offer.not_supplied,
    case
        when feed.council is not null and offer.state = 'provided' then 'shown'
        when offer.state = 'provided' then 'not-published'
        else offer.state
    end as state,
    -- Who provides it here, where a transport executive does.
    coalesce('provided by ' || executive.name, offer.reason) as reason
from marts.offer
inner join marts.council on offer.council = council.council
left join open_data.feed on offer.council = feed.council and offer.transaction = feed.transaction
left join
    lateral (
        select min(serving.name) as name
        from marts.council as serving
        inner join marts.offer as served
            on
                serving.council = served.council
                and offer.transaction = served.transaction
                and served.state = 'provided'
        where council.authority = any(serving.covers) and offer.state = 'not-provided'
    ) as executive
    on true
order by offer.council, offer.transaction
