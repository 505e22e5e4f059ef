-- grain: one released count by a breakdown of a feed
select
    data_set,
    period_kind,
    period_start,
    label,
    across_label,
    reports,
    state
from open_data.volume
where council = :council and transaction = :transaction
order by data_set collate "C", period_start, label collate "C", across_label collate "C"
