-- grain: one rule that rows of one of some deliveries broke in one column: how many, and the places of the first
select
    quarantine.delivery_id,
    quarantine.rule,
    quarantine.column_name,
    count(*) as broken,
    (array_agg(quarantine.line order by quarantine.line))[1:20] as places
from ledger.quarantine
where quarantine.delivery_id = any(cast(:delivery_ids as bigint[]))
group by quarantine.delivery_id, quarantine.rule, quarantine.column_name
order by quarantine.delivery_id asc, broken desc, quarantine.rule asc, quarantine.column_name asc
