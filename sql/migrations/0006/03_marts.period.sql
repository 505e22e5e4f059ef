-- grain: council x transaction x period
-- Now with a comment on every column.
comment on table marts.period is
'What must be known to compare a period with others';
comment on column marts.period.council is
'the council, as its file is called';
comment on column marts.period.transaction is
'the transaction, as its contract is called';
comment on column marts.period.period_kind is
'week or month';
comment on column marts.period.period_start is
'first day of the period, on the Europe/London calendar; weeks begin on Monday';
comment on column marts.period.working_days is
'working days of the council''s own nation';
comment on column marts.period.bank_holidays is
'names of the bank holidays in it';
comment on column marts.period.cycle_week is
'for weeks: which week of the round of collections it is, from 1';
comment on column marts.period.same_point is
'for weeks: the newest earlier week at the same point of the round';
