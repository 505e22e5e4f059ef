-- grain: local day of the report x bin type x request x rating: sums of what is counted
-- begun: completed or given up, or as many as the export says beside each count.
create temporary table counted_day on commit drop as
select
    day,
    stream,
    request,
    rating,
    sum(count) filter (where demand) as reports,
    sum(coalesce(starts, count)) filter (where demand or given_up) as begun,
    sum(items) filter (where demand) as items,
    sum(amount) filter (where demand) as amount,
    sum(count) filter (where demand and upheld) as upheld,
    sum(count) filter (where demand and upheld and seconds is not null) as rectified,
    sum(count) filter (where demand and due) as due,
    sum(count) filter (where demand and due and in_time) as in_time,
    sum(count) filter (where demand and due and upheld) as upheld_due,
    sum(count) filter (where demand and due and upheld and in_time) as upheld_in_time,
    count(*) filter (where demand and seconds is null) as still_open
from counted
group by day, stream, request, rating
