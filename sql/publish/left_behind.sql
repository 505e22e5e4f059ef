-- grain: data set x sink that holds records of a feed although the feed publishes it no longer, or to another sink
select distinct
    data_set,
    sink
from ledger.publication
where
    council = :council
    and transaction = :transaction
    and (sink <> :keep or data_set <> all(cast(:published as text[])))
order by data_set, sink
