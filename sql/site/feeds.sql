-- grain: one feed that the file of a council which takes part has, and whose figures are public
select
    feed.council,
    feed.transaction,
    feed.first_released_at,
    feed.released_at,
    cast(feed.version as text) as version
from open_data.feed
inner join marts.council on feed.council = council.council
inner join marts.offer
    on
        feed.council = offer.council
        and feed.transaction = offer.transaction
        and offer.state = 'provided'
order by feed.council, feed.transaction
