-- grain: all deliveries asked for, as one row of sums; newest_sha256 is the bytes of the last of them
select
    count(*) as files,
    sum(size_bytes)::bigint as size_bytes,
    sum(rows_read)::bigint as rows_read,
    sum(accepted)::bigint as accepted,
    sum(quarantined)::bigint as quarantined,
    (array_agg(sha256 order by as_of desc, delivery_id desc))[1] as newest_sha256
from ledger.delivery
where delivery_id = any(:delivery_ids)
