-- grain: week, or week x ward, of one council's missed bins; no count is small
insert into marts.volume (
    council, transaction, period_kind, period_start, breakdown, label, across, across_label, reports, basis
)
select
    :council,
    'report-missed-bin',
    'week',
    date '2026-01-05' - 7 * week.number,
    case when ward.number is null then 'total' else 'ward' end,
    case when ward.number is null then '' else 'Ward ' || lpad(cast(ward.number as text), 3, '0') end,
    '',
    '',
    sum(20 + cell.number % 7),
    'full'
from generate_series(1, cast(:weeks as integer)) as week (number)
cross join generate_series(1, cast(:wards as integer)) as cell (number)
cross join lateral (values (cell.number), (null)) as ward (number)
group by week.number, ward.number
