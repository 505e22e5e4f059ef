-- grain: touched period; upheld missed bins for each 100,000 scheduled collections
-- Only of the bin types whose collections the council supplied for all of the period; with none there is no rate.
-- A week has the supplied number, a month as many sevenths of it as it has days (basis `estimated`).
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis, caveats
)
with scheduled as (
    select
        touched.period_kind,
        touched.period_start,
        touched.basis,
        supplied.stream,
        sum(supplied.a_week) as sevenths
    from touched_period as touched
    cross join
        lateral generate_series(
            touched.period_start,
            cast(touched.ends_at at time zone 'Europe/London' as date) - 1,
            interval '1 day'
        ) as days (day)
    cross join
        lateral (
            select distinct on (facts.stream)
                facts.stream,
                facts.a_week
            from
                unnest(
                    cast(:collections_stream as text[]),
                    cast(:collections_a_week as bigint[]),
                    cast(:collections_from as date[]),
                    cast(:collections_until as date[])
                ) as facts (stream, a_week, valid_from, valid_until)
            where facts.valid_from <= days.day and coalesce(facts.valid_until, 'infinity') >= days.day
            order by facts.stream asc, facts.valid_from desc
        ) as supplied
    group by
        touched.period_kind, touched.period_start, touched.basis, touched.starts_at, touched.ends_at, supplied.stream
    having
        count(*)
        = cast(touched.ends_at at time zone 'Europe/London' as date)
        - cast(touched.starts_at at time zone 'Europe/London' as date)
),

missed as (
    select
        counted.period_kind,
        counted.period_start,
        stream.label as stream,
        sum(counted.upheld) as missed
    from counted_period as counted
    inner join core.label as stream on counted.stream = stream.label_id
    group by counted.period_kind, counted.period_start, stream.label
),

left_out as (
    select distinct
        counted.period_kind,
        counted.period_start
    from counted_period as counted
    inner join core.label as stream on counted.stream = stream.label_id
    left join scheduled
        on
            counted.period_kind = scheduled.period_kind
            and counted.period_start = scheduled.period_start
            and stream.label = scheduled.stream
    where counted.reports is not null and scheduled.stream is null
)

select
    :council,
    :transaction,
    scheduled.period_kind,
    scheduled.period_start,
    'missed-per-100000',
    '1',
    coalesce(sum(missed.missed), 0),
    sum(scheduled.sevenths) / 7.0,
    coalesce(sum(missed.missed), 0) * 700000 / sum(scheduled.sevenths),
    case when scheduled.basis = 'full' and scheduled.period_kind = 'month' then 'estimated' else scheduled.basis end,
    array_remove(
        array[
            case when left_out.period_start is not null then 'streams-left-out' end,
            case when scheduled.period_kind = 'month' then 'collections-spread' end
        ], null
    )
from scheduled
left join missed
    on
        scheduled.period_kind = missed.period_kind
        and scheduled.period_start = missed.period_start
        and scheduled.stream = missed.stream
left join left_out
    on scheduled.period_kind = left_out.period_kind and scheduled.period_start = left_out.period_start
group by scheduled.period_kind, scheduled.period_start, scheduled.basis, left_out.period_start
