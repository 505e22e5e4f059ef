-- grain: one delivery of this name for which the ledger has no day, as the first version left them; it gets the day
-- Else the same bytes under the same name would be taken for news.
update ledger.delivery
set name_day = :name_day
where
    feed_id = :feed_id
    and name = :name
    and name_day = '-infinity'
    and not exists (
        select 1 from ledger.delivery as other
        where
            other.feed_id = delivery.feed_id
            and other.sha256 = delivery.sha256
            and other.name_day = :name_day
            and other.resent = delivery.resent
    )
