-- grain: one push of one data set by one run
insert into ledger.send (council, transaction, data_set, sink, run_id, new_records, changed, withdrawn, unchanged)
values (:council, :transaction, :data_set, :sink, :run_id, :new_records, :changed, :withdrawn, :unchanged)
returning send_id
