-- grain: council x transaction x whole, finished period
-- Now with a comment on every column.
comment on table open_data.period is
'Totals of released periods, and what must be known to compare them';
comment on column open_data.period.council is
'the council, as its file is called';
comment on column open_data.period.transaction is
'the transaction, as its contract is called';
comment on column open_data.period.period_kind is
'week or month';
comment on column open_data.period.period_start is
'first day of the period, on the Europe/London calendar; weeks begin on Monday';
comment on column open_data.period.reports is
'transactions that count as demand';
comment on column open_data.period.first_reports is
'the same as it was first released';
comment on column open_data.period.working_days is
'working days of the council''s own nation';
comment on column open_data.period.bank_holidays is
'names of the bank holidays in it';
comment on column open_data.period.cycle_week is
'for weeks: which week of the round of collections it is, from 1';
comment on column open_data.period.same_point is
'for weeks: the newest earlier week at the same point of the round';
