-- grain: one data set of counts that a feed publishes no longer; the change log says that it is withdrawn
with gone as (
    delete from open_data.volume
    where
        council = :council
        and transaction = :transaction
        and data_set <> all(cast(:published as text[]))
    returning data_set, period_start
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
from gone
group by data_set
order by data_set
