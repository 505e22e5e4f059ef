-- grain: one row; the rows that the runs of this demo took, and what became of all deliveries of the council
with delivery as (
    select
        known.*,
        known.run_id = any(cast(:run_ids as text[])) as taken_now
    from ledger.delivery as known
    inner join ledger.feed on known.feed_id = feed.feed_id
    where feed.council = :council
)

select
    count(*) filter (where delivery.taken_now) as deliveries,
    count(*) filter (where delivery.taken_now and delivery.status = 'rejected') as rejected,
    count(delivery.superseded_by) as superseded,
    count(*) filter (where jsonb_array_length(delivery.warnings) > 0) as with_warnings,
    coalesce(sum(delivery.rows_read) filter (where delivery.taken_now), 0)::bigint as read,
    coalesce(sum(delivery.accepted) filter (where delivery.taken_now), 0)::bigint as accepted,
    coalesce(sum(delivery.quarantined) filter (where delivery.taken_now), 0)::bigint as quarantined,
    coalesce(sum(delivery.duplicates) filter (where delivery.taken_now), 0)::bigint as duplicates,
    coalesce(sum(delivery.duplicates), 0)::bigint as duplicates_of_all,
    coalesce(sum(delivery.withdrawn), 0)::bigint as withdrawn,
    count(*) filter (where delivery.name = :uploading) as taken_while_uploading,
    count(*) filter (where delivery.name like '%.part') as part_files_taken
from delivery
