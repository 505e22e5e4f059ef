-- grain: council x transaction x data set x period x label (x label of the second breakdown); one in fifty is withheld
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
),

counts as (
    select
        feed.council,
        feed.transaction,
        shape.data_set,
        periods.kind,
        periods.start,
        shape.label,
        shape.across_label,
        5 + abs(hashtext(feed.council || shape.data_set || shape.label || shape.across_label || periods.start)) % 50
            as reports
    from open_data.feed
    inner join
        unnest(
            cast(:of as text[]), cast(:data_sets as text[]), cast(:labels as text[]), cast(:across_labels as text[]),
            cast(:kinds as text[])
        ) as shape (transaction, data_set, label, across_label, kind)
        on feed.transaction = shape.transaction
    inner join periods on shape.kind = periods.kind
)

insert into open_data.volume (
    council, transaction, data_set, period_kind, period_start, label, across_label, reports, state
)
select
    council,
    transaction,
    data_set,
    kind,
    start,
    label,
    across_label,
    case when reports > 5 then reports end,
    case when reports > 5 then 'shown' else 'withheld' end
from counts
