-- grain: touched period; hours from report to closing, median over the reports of the period closed so far
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'median-hours-to-close',
    '1',
    null,
    count(*),
    round(
        cast(
            percentile_cont(0.5) within group (
                order by extract(epoch from record.closed_at - record.reported_at) / 3600.0
            ) as numeric
        ), 4
    ),
    touched.basis
from touched_period as touched
inner join core.record
    on
        record.feed_id = :feed_id
        and touched.starts_at <= record.reported_at
        and touched.ends_at > record.reported_at
left join core.label as status on record.status = status.label_id
where
    :knows_closing
    and record.closed_at is not null
    and (status.label is null or status.label <> all(cast(:not_demand as text[])))
group by touched.period_kind, touched.period_start, touched.basis
