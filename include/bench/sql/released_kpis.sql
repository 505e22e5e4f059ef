-- grain: council x transaction x period x KPI x version x label, as the contracts have them
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
    union all
    select
        'quarter',
        cast(date '2026-01-01' - number * interval '3 months' as date)
    from generate_series(1, cast(:weeks as integer) * 4 / 52) as quarter (number)
),

figures as (
    select
        feed.council,
        feed.transaction,
        periods.kind,
        periods.start,
        shape.kpi,
        shape.version,
        shape.label,
        1 + abs(hashtext(feed.council || feed.transaction || shape.kpi || shape.label || periods.start)) % 999 as part
    from open_data.feed
    inner join
        unnest(
            cast(:of as text[]), cast(:kpis as text[]), cast(:versions as text[]), cast(:labels as text[]),
            cast(:kinds as text[])
        ) as shape (transaction, kpi, version, label, kind)
        on feed.transaction = shape.transaction
    inner join periods on shape.kind = periods.kind
)

insert into open_data.kpi (
    council, transaction, period_kind, period_start, kpi, version, label,
    numerator, denominator, value, first_value, basis, caveats
)
select
    council,
    transaction,
    kind,
    start,
    kpi,
    version,
    label,
    part,
    1000,
    part / 1000.0,
    part / 1000.0,
    'full',
    '{}'
from figures
