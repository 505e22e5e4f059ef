-- grain: one loaded delivery that gives way to a later one of the same name and day
update ledger.delivery
set superseded_by = :delivery_id
where
    feed_id = :feed_id
    and name = :name
    and as_of = :as_of
    and delivery_id < :delivery_id
    and superseded_by is null
    and status = 'loaded'
returning delivery_id
