-- grain: one message that every channel has taken
update ledger.message
set finished_at = clock_timestamp()
where message_id = :message_id
