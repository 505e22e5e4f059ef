-- grain: one record of one data set that is in the stretch of time and meets every filter (compared as text)
select
    stamped_at,
    record
from platform_records
where
    data_set = :data_set
    and stamped_at >= coalesce(cast(:start_at as timestamptz), '-infinity')
    and stamped_at < coalesce(cast(:end_at as timestamptz), 'infinity')
    and not exists (
        select 1
        from unnest(cast(:filter_keys as text[]), cast(:filter_values as text[])) as wanted (key, value)
        where record ->> wanted.key is distinct from wanted.value
    )
order by
    case when :direction = 'ascending' then record ->> cast(:sort_key as text) end asc,
    case when :direction = 'descending' then record ->> cast(:sort_key as text) end desc,
    stamped_at asc,
    id asc
limit :most
