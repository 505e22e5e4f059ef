-- grain: one demand, with what has gone since
update ledger.forgotten
set
    records = records + :records,
    events = events + :events,
    quarantined = quarantined + :quarantined,
    deliveries = greatest(deliveries, :deliveries)
where forgotten_id = :forgotten_id
