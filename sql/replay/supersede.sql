-- grain: one loaded delivery whose replay takes its place
update ledger.delivery
set superseded_by = :delivery_id
where delivery_id = :replay_of and superseded_by is null and status = 'loaded'
returning delivery_id
