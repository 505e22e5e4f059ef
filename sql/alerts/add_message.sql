-- grain: one message that is to be sent
insert into ledger.message (council, about, run_id, facts)
values (:council, :about, :run_id, cast(:facts as jsonb))
returning message_id
