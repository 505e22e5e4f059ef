-- grain: two deliveries: whether the first is a later version of the file that the second was
-- The file of a month that is not over is complete up to when it was written, its next version up to later.
create function ledger.corrects(correction ledger.delivery, delivery ledger.delivery) returns boolean
language sql immutable as $$
    select
        correction.feed_id = delivery.feed_id
        and correction.name = delivery.name
        and correction.delivery_id > delivery.delivery_id
        and correction.as_of >= delivery.as_of
        and (
            correction.as_of = delivery.as_of
            or (correction.name_day = delivery.name_day and delivery.name_day <> '-infinity')
        )
$$;
-- What it brought counts instead of what the other brought.
comment on function ledger.corrects is 'Whether a delivery is a later version of the same file'
