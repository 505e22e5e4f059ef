-- grain: one rule that rows of one council's deliveries broke
select
    quarantine.rule,
    quarantine.column_name,
    count(*) as row_count
from ledger.quarantine
inner join ledger.delivery on quarantine.delivery_id = delivery.delivery_id
inner join ledger.feed on delivery.feed_id = feed.feed_id
where feed.council = :council
group by quarantine.rule, quarantine.column_name
order by quarantine.rule, quarantine.column_name
