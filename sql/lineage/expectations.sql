-- grain: one expectation of the suite, over the deliveries asked for; success where none of them failed it
select
    expectation,
    column_name,
    severity,
    bool_and(success) as success,
    sum(failed)::bigint as failed
from ledger.expectation_result
where delivery_id = any(:delivery_ids)
group by position, expectation, column_name, severity
order by position
