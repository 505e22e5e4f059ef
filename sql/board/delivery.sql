-- grain: one delivery, with its feed and everything that the ledger knows of it
select
    delivery.delivery_id,
    feed.council,
    feed.transaction,
    delivery.feed_id,
    delivery.name,
    delivery.sha256,
    delivery.size_bytes,
    delivery.as_of,
    delivery.name_day,
    delivery.received_at,
    delivery.run_id,
    delivery.status,
    delivery.superseded_by,
    delivery.replay_of,
    delivery.raw_removed_at,
    delivery.resent,
    delivery.series,
    delivery.documents,
    delivery.detected,
    delivery.complete_until,
    delivery.rows_read,
    delivery.accepted,
    delivery.quarantined,
    delivery.duplicates,
    delivery.filtered,
    delivery.forgotten,
    delivery.rejected_because,
    delivery.warnings,
    delivery.validated_at,
    delivery.inserted,
    delivery.updated,
    delivery.unchanged,
    delivery.withdrawn,
    delivery.loaded_at,
    array(
        select earlier.delivery_id
        from ledger.delivery as earlier
        where earlier.feed_id = delivery.feed_id and earlier.superseded_by = delivery.delivery_id
        order by earlier.delivery_id
    ) as supersedes
from ledger.delivery
inner join ledger.feed on delivery.feed_id = feed.feed_id
where delivery.delivery_id = :delivery_id
