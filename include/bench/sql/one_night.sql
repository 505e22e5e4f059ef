-- grain: one figure of the newest week of one council, as its next night revises it
with newest as (
    select max(period_start) as start
    from open_data.kpi
    where period_kind = 'week'
),

revised as (
    update open_data.kpi
    set value = value / 2
    where
        council = :council
        and period_kind = 'week'
        and period_start in (select newest.start from newest)
    returning transaction, period_start
)

insert into open_data.change (council, transaction, run_id, what, data_set, figures, first_period, last_period)
select
    :council,
    transaction,
    'bench-night',
    'revised',
    'kpis',
    count(*),
    min(period_start),
    max(period_start)
from revised
group by transaction
