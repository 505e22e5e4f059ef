-- grain: council x transaction x period x breakdown x label (x second breakdown x its label)
-- Now with a comment on every column.
comment on table marts.volume is
'Transactions by council, period and label, small counts included: for the council''s own people';
comment on column marts.volume.council is
'the council, as its file is called';
comment on column marts.volume.transaction is
'the transaction, as its contract is called';
comment on column marts.volume.period_kind is
'week or month';
comment on column marts.volume.period_start is
'first day of the period, on the Europe/London calendar; weeks begin on Monday';
comment on column marts.volume.breakdown is
'field by which the count is broken down; total has one row for each covered period';
comment on column marts.volume.label is
'value of that field: of the contract''s list, or the council''s own word';
comment on column marts.volume.reports is
'transactions that count as demand';
comment on column marts.volume.basis is
'full where the deliveries cover the whole period, else partial';
comment on column marts.volume.across is
'second field, where the count is broken down by two; empty otherwise';
comment on column marts.volume.across_label is
'value of the second field';
