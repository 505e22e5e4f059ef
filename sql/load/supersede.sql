-- grain: one loaded delivery that gives way to a later one of the same name and day
-- The file of a month that is not over is complete up to when it was written, its next version up to later.
update ledger.delivery as earlier
set superseded_by = later.delivery_id
from ledger.delivery as later
where
    later.delivery_id = :delivery_id
    and earlier.feed_id = later.feed_id
    and earlier.name = later.name
    and earlier.as_of <= later.as_of
    and (earlier.as_of = later.as_of or (earlier.name_day = later.name_day and later.name_day <> '-infinity'))
    and earlier.delivery_id < later.delivery_id
    and earlier.superseded_by is null
    and earlier.status = 'loaded'
returning earlier.delivery_id
