-- grain: one feed of the made-up fleet whose figures are public
insert into open_data.feed (council, transaction, run_id)
select
    given.council,
    contract.transaction,
    'bench'
from unnest(cast(:councils as text[])) as given (council)
cross join unnest(cast(:transactions as text[])) as contract (transaction)
