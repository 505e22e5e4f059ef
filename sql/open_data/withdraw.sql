-- grain: one feed that is public no longer; the change log says so
with gone as (
    delete from open_data.feed
    where council = :council and transaction = :transaction
    returning council, transaction
),

figures as (
    select
        kpi.period_start,
        'kpis' as data_set
    from open_data.kpi
    inner join gone on kpi.council = gone.council and kpi.transaction = gone.transaction
    union all
    select
        volume.period_start,
        volume.data_set
    from open_data.volume
    inner join gone on volume.council = gone.council and volume.transaction = gone.transaction
)

insert into open_data.change (council, transaction, run_id, what, data_set, figures, first_period, last_period)
select
    :council,
    :transaction,
    :run_id,
    'withdrawn',
    data_set,
    count(*),
    min(period_start),
    max(period_start)
from figures
group by data_set
