-- grain: one row; the records of one council that the planted problems are about
select
    count(*) filter (where channel.label = 'unmapped') as unmapped_channel,
    count(*) filter (where ward.label = 'NULL') as ward_null,
    count(*) filter (
        where record.record_ref = any(cast(:three_weeks as text[])) and record.closed_at is not null
    ) as closed_after_three_weeks,
    count(*) filter (where record.record_ref = any(cast(:invented as text[]))) as invented_left
from core.record
inner join ledger.feed on record.feed_id = feed.feed_id
inner join core.label as channel on record.channel = channel.label_id
left join core.label as ward on record.ward = ward.label_id
where feed.council = :council
