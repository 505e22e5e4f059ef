-- grain: one push of one data set to one sink by one run, now found quickly by feed, the newest first
create index on ledger.send (council, transaction, send_id);
