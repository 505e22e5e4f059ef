-- grain: one feed of a council that takes part, whose figures are public
select
    feed.council,
    feed.transaction,
    feed.first_released_at,
    feed.released_at
from open_data.feed
inner join marts.council on feed.council = council.council
order by feed.council, feed.transaction
