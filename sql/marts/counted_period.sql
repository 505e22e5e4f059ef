-- grain: touched period x bin type x request x rating: sums of what is counted; a period without any has one empty row
create temporary table counted_period on commit drop as
select
    touched.period_kind,
    touched.period_start,
    touched.basis,
    counted.stream,
    counted.request,
    counted.rating,
    sum(counted.reports) as reports,
    sum(counted.begun) as begun,
    sum(counted.items) as items,
    sum(counted.amount) as amount,
    sum(counted.upheld) as upheld,
    sum(counted.rectified) as rectified,
    sum(counted.due) as due,
    sum(counted.in_time) as in_time,
    sum(counted.upheld_due) as upheld_due,
    sum(counted.upheld_in_time) as upheld_in_time,
    sum(counted.still_open) as still_open
from touched_period as touched
left join reached_day as days
    on touched.period_kind = days.period_kind and touched.period_start = days.period_start
left join counted_day as counted on days.day = counted.day
group by
    touched.period_kind, touched.period_start, touched.basis, counted.stream, counted.request, counted.rating
