-- grain: one feed that somebody has let go live, with all its data sets
insert into ledger.approval (feed_id, decided_by, through, decision, reasons, figures)
select
    feed.feed_id,
    'bench',
    'terminal',
    'released',
    '{going-live}',
    cast(seen.figures as jsonb)
from unnest(cast(:transactions as text[]), cast(:figures as text[])) as seen (transaction, figures)
inner join ledger.feed on seen.transaction = feed.transaction
