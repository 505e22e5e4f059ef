-- grain: one delivery, loaded
update ledger.delivery
set
    status = 'loaded',
    inserted = :inserted,
    updated = :updated,
    unchanged = :unchanged,
    withdrawn = :withdrawn,
    loaded_at = now()
where delivery_id = :delivery_id
