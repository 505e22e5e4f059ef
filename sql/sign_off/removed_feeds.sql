-- grain: one feed of a council whose figures are public although the council's file names it no longer
select
    feed.feed_id,
    feed.transaction
from open_data.feed as shown
inner join ledger.feed on shown.council = feed.council and shown.transaction = feed.transaction
where shown.council = :council and shown.transaction <> all(cast(:kept as text[]))
order by feed.transaction
