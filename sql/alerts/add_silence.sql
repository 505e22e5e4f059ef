-- grain: one silence
insert into ledger.silence (council, transaction, until, reason, silenced_by, silenced_at)
values (:council, :transaction, :until, :reason, :by, :now)
returning silence_id
