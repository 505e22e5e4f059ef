-- grain: one expectation of a delivery that told of one of these lines; how many rows failed stays
update ledger.expectation_result
set
    lines = array(
        select kept.line
        from unnest(lines) with ordinality as kept (line, position)
        where kept.line <> all(cast(:lines as bigint[]))
        order by kept.position
    )
where delivery_id = :delivery_id and lines && cast(:lines as bigint[])
