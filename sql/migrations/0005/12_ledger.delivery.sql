-- grain: one delivery, now with how far a feed's loaded ones reach found quickly
create index on ledger.delivery (feed_id, complete_until) where status = 'loaded' and superseded_by is null;
