-- grain: one expectation checked on one of some deliveries; how many rows failed it, and where the first of them are
select
    delivery_id,
    position,
    expectation,
    column_name,
    dimension,
    severity,
    success,
    checked,
    failed,
    lines[1:20] as lines
from ledger.expectation_result
where delivery_id = any(cast(:delivery_ids as bigint[]))
order by delivery_id, position
