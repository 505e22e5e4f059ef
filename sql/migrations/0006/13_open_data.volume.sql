-- grain: council x transaction x data set x whole, finished period x label (x second label)
-- Now with a comment on every column.
comment on table open_data.volume is
'Counts by label as the council has released them; of a withheld count only that there is one';
comment on column open_data.volume.council is
'the council, as its file is called';
comment on column open_data.volume.transaction is
'the transaction, as its contract is called';
comment on column open_data.volume.data_set is
'the data set of the contract that it belongs to';
comment on column open_data.volume.period_kind is
'week or month';
comment on column open_data.volume.period_start is
'first day of the period, on the Europe/London calendar; weeks begin on Monday';
comment on column open_data.volume.label is
'value of the data set''s breakdown';
comment on column open_data.volume.across_label is
'value of its second breakdown; empty without one';
comment on column open_data.volume.reports is
'transactions that count as demand; empty where withheld';
comment on column open_data.volume.state is
'shown or withheld';
