-- grain: one delivery of the same bytes as a loaded one; it was received when that was, so that its bytes are kept no
-- longer
insert into ledger.delivery (
    feed_id, name, sha256, size_bytes, as_of, received_at, run_id, name_day, series, resent, replay_of
)
select
    again.feed_id,
    again.name,
    again.sha256,
    again.size_bytes,
    again.as_of,
    again.received_at,
    :run_id,
    again.name_day,
    again.series,
    (
        select count(*) from ledger.delivery as before
        where
            before.feed_id = again.feed_id
            and before.sha256 = again.sha256
            and before.name_day = again.name_day
    ),
    again.delivery_id
from ledger.delivery as again
where again.delivery_id = :delivery_id
returning delivery_id
