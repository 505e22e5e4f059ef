-- grain: one data set that holds records
select
    data_set,
    count(*) as records,
    max(stamped_at) as newest
from platform_records
where data_set = any(cast(:data_sets as text[]))
group by data_set
