-- grain: one count as it may be shown now; lives until the transaction ends
create temporary table wanted_volume on commit drop as
select
    data_set,
    period_kind,
    period_start,
    label,
    across_label,
    reports,
    case when reports is null then 'withheld' else 'shown' end as state
from
    unnest(
        cast(:data_set as text[]),
        cast(:period_kind as text[]),
        cast(:period_start as date[]),
        cast(:label as text[]),
        cast(:across_label as text[]),
        cast(:reports as bigint[])
    ) as given (data_set, period_kind, period_start, label, across_label, reports)
