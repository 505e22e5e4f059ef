-- grain: one delivery; how many of these lines are in quarantine
select count(distinct line)
from ledger.quarantine
where delivery_id = :delivery_id and line = any(cast(:lines as bigint[]))
