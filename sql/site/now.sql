-- grain: the moment of the transaction
select now() as now
