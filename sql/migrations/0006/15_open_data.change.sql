-- grain: one kind of change to the public figures of one feed by one run
-- Now with a comment on every column.
comment on table open_data.change is
'The change log of the public figures';
comment on column open_data.change.change_id is
'number of the change, in their order';
comment on column open_data.change.changed_at is
'when';
comment on column open_data.change.council is
'the council, as its file is called';
comment on column open_data.change.transaction is
'the transaction, as its contract is called';
comment on column open_data.change.run_id is
'the run that changed them';
comment on column open_data.change.what is
'added, revised or withdrawn';
comment on column open_data.change.data_set is
'kpis, or the data set of counts';
comment on column open_data.change.figures is
'how many figures changed';
comment on column open_data.change.first_period is
'first day of the earliest period among them';
comment on column open_data.change.last_period is
'first day of the latest period among them';
