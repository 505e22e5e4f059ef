-- grain: one of the deliveries asked for, with what people know it by
select
    delivery_id,
    name,
    received_at
from ledger.delivery
where delivery_id = any(cast(:delivery_ids as bigint[]))
