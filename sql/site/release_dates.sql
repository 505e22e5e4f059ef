-- grain: one transaction with an entry in the change log: when its figures were first and last changed
select
    change.transaction,
    min(change.changed_at) as issued,
    max(change.changed_at) as modified,
    count(*) as changes,
    max(change.change_id) as newest
from open_data.change
inner join marts.council on change.council = council.council
group by change.transaction
order by change.transaction
