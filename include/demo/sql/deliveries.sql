-- grain: one row; what the deliveries that the runs of this demo took came to
select
    count(*) as deliveries,
    count(*) filter (where delivery.status = 'rejected') as rejected,
    count(delivery.superseded_by) as superseded,
    count(*) filter (where jsonb_array_length(delivery.warnings) > 0) as with_warnings,
    coalesce(sum(delivery.rows_read), 0)::bigint as read,
    coalesce(sum(delivery.accepted), 0)::bigint as accepted,
    coalesce(sum(delivery.quarantined), 0)::bigint as quarantined,
    coalesce(sum(delivery.duplicates), 0)::bigint as duplicates,
    coalesce(sum(delivery.withdrawn), 0)::bigint as withdrawn,
    count(*) filter (where delivery.name = :uploading) as taken_while_uploading,
    count(*) filter (where delivery.name like '%.part') as part_files_taken
from ledger.delivery
inner join ledger.feed on delivery.feed_id = feed.feed_id
where feed.council = :council and delivery.run_id = any(cast(:run_ids as text[]))
