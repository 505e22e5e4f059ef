-- grain: one rule that one row of a delivery broke
insert into ledger.quarantine (delivery_id, line, rule, column_name, expected)
select
    :delivery_id,
    given.line,
    given.rule,
    given.column_name,
    given.expected
from
    unnest(
        cast(:lines as bigint[]), cast(:rules as text[]), cast(:columns as text[]), cast(:expecteds as text[])
    ) as given (line, rule, column_name, expected)
on conflict do nothing
