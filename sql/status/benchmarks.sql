-- grain: group of councils x basis: median and quartiles of one KPI in one period
select
    comparison,
    subject,
    basis,
    councils,
    lower_quartile,
    median,
    upper_quartile
from marts.benchmark
where
    transaction = :transaction
    and period_kind = :period_kind
    and period_start = :period_start
    and kpi = :kpi
    and version = :version
    and label = :label
order by comparison, subject, basis
