-- grain: one silence of a council or of one of its feeds that still holds, and is ended before its time
update ledger.silence
set lifted_at = :now
where council = :council and transaction = :transaction and lifted_at is null and until > :now
returning silence_id
