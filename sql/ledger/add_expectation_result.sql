-- grain: one expectation checked on one delivery
insert into ledger.expectation_result (
    delivery_id, position, expectation, column_name, dimension, severity, success, checked, failed, lines
)
values (
    :delivery_id, :position, :expectation, :column_name, :dimension, :severity, :success, :checked, :failed, :lines
)
