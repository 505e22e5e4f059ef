-- grain: transaction of a council that the platform holds records of although the council's file names it no longer
select
    transaction,
    count(*) as records
from ledger.publication
where council = :council and transaction <> all(cast(:kept as text[]))
group by transaction
order by transaction
