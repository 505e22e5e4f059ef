-- grain: the whole installation: what was decided about its figures, and what is public
with decisions as (
    select count(*) as released
    from ledger.approval
    where decision = 'released'
),

holds as (
    select
        count(*) as held,
        count(*) filter (where approval_id is null and lifted_at is null) as still_held
    from ledger.hold
),

counts as (
    select count(*) filter (where state = 'withheld') as withheld
    from open_data.volume
),

feeds as (
    select count(*) as public_feeds
    from open_data.feed
)

select
    decisions.released,
    holds.held,
    holds.still_held,
    counts.withheld,
    feeds.public_feeds
from decisions
cross join holds
cross join counts
cross join feeds
