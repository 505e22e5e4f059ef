-- grain: one benchmark of a transaction, as its edition has it
select
    transaction,
    period_kind,
    period_start,
    kpi,
    version,
    label,
    basis,
    comparison,
    subject,
    councils,
    lower_quartile,
    median,
    upper_quartile
from open_data.benchmark
where transaction = :transaction
order by
    period_kind collate "C", period_start, kpi collate "C", version collate "C", label collate "C", basis collate "C",
    comparison collate "C", subject collate "C"
