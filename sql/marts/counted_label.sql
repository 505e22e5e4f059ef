-- grain: local day of the report x label (or two) of one breakdown: demand
insert into counted_label (day, breakdown, label_id, across, across_id, reports)
select
    counted.day,
    :breakdown,
    labels.label_id,
    :across,
    labels.across_id,
    sum(counted.count)
from counted
cross join
    lateral (
        select
            case :breakdown
                when 'channel' then counted.channel
                when 'ward' then counted.ward
                when 'stream' then counted.stream
                when 'reason' then counted.reason
                when 'age_group' then counted.age_group
                when 'branch' then counted.branch
                when 'payment_method' then counted.payment_method
                when 'concession' then counted.concession
                when 'request' then counted.request
            end as label_id,
            case :across
                when 'channel' then counted.channel
                when 'ward' then counted.ward
                when 'stream' then counted.stream
                when 'reason' then counted.reason
                when 'age_group' then counted.age_group
                when 'branch' then counted.branch
                when 'payment_method' then counted.payment_method
                when 'concession' then counted.concession
                when 'request' then counted.request
            end as across_id
    ) as labels
where counted.demand and labels.label_id is not null and (:across = '' or labels.across_id is not null)
group by counted.day, labels.label_id, labels.across_id
