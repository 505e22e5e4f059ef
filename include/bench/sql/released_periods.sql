-- grain: council x transaction x week or month: its total
with periods as (
    select
        'week' as kind,
        date '2026-01-05' - 7 * number as start
    from generate_series(1, cast(:weeks as integer)) as week (number)
    union all
    select
        'month',
        cast(date '2026-01-01' - number * interval '1 month' as date)
    from generate_series(1, cast(:weeks as integer) * 12 / 52) as month (number)
)

insert into open_data.period (
    council, transaction, period_kind, period_start, reports, first_reports, working_days, same_point
)
select
    feed.council,
    feed.transaction,
    periods.kind,
    periods.start,
    400 + abs(hashtext(feed.council || feed.transaction || periods.start)) % 200,
    400,
    5,
    case when periods.kind = 'week' then periods.start - 14 end
from open_data.feed
cross join periods
