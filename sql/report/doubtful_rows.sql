-- grain: one expectation that rows of a delivery failed and that turned none of them down, with the first such lines
select
    expectation,
    column_name,
    failed,
    lines
from ledger.expectation_result
where
    delivery_id = :delivery_id
    and not success
    and severity <> 'critical'
    and lines <> '{}'
    -- Rows that repeat each other are counted as duplicates, and those that contradict each other are set aside.
    and expectation <> 'expect_column_values_to_be_unique'
order by position
