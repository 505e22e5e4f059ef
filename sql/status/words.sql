-- grain: field x label of one feed's records, with how many of them there are and how many are demand
select
    parts.field,
    label.label,
    sum(record.count) as records,
    coalesce(
        sum(record.count) filter (
            where status.label is null or status.label <> all(cast(:not_demand as text[]))
        ), 0
    ) as demand
from core.record
left join core.label as status on record.status = status.label_id
cross join
    lateral (
        values
        ('channel', record.channel),
        ('status', record.status),
        ('ward', record.ward),
        ('stream', record.stream),
        ('reason', record.reason),
        ('outcome', record.outcome)
    ) as parts (field, label_id)
inner join core.label on parts.label_id = label.label_id
where record.feed_id = :feed_id
group by parts.field, label.label
order by parts.field asc, records desc, label.label asc
