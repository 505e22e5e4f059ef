-- grain: data set x sink that holds records of a feed and is not the sink to keep
select distinct
    data_set,
    sink
from ledger.publication
where council = :council and transaction = :transaction and sink <> :keep
order by data_set, sink
