-- grain: one push of one data set by one run
insert into ledger.send (council, data_set, run_id, new_records, changed, withdrawn, unchanged)
values (:council, :data_set, :run_id, :new_records, :changed, :withdrawn, :unchanged)
returning send_id
