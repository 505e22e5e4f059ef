-- grain: one demand, done
update ledger.forgotten
set finished_at = clock_timestamp()
where forgotten_id = :forgotten_id
