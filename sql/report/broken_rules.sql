-- grain: one rule that one row of a delivery broke, in the order of the file
select
    line,
    column_name,
    rule,
    expected
from ledger.quarantine
where delivery_id = :delivery_id
order by line, rule, column_name
