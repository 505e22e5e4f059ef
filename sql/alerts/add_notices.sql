-- grain: one lateness of one feed that is told now
insert into ledger.late_notice (feed_id, late_from)
select
    feed.feed_id,
    given.late_from
from unnest(cast(:transactions as text[]), cast(:late_from as timestamptz[])) as given (transaction, late_from)
inner join ledger.feed on given.transaction = feed.transaction and feed.council = :council
on conflict (feed_id) where came_at is null do nothing
