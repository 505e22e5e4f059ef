-- grain: one transaction whose benchmarks have been taken
select
    transaction,
    taken_at,
    made_from,
    councils
from open_data.edition
order by transaction
