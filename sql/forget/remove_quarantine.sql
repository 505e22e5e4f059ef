-- grain: one rule that one of these lines broke
delete from ledger.quarantine
where delivery_id = :delivery_id and line = any(cast(:lines as bigint[]))
