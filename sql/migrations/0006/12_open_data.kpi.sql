-- grain: council x transaction x whole, finished period x KPI x version x label
-- Now with a comment on every column.
comment on table open_data.kpi is
'KPIs as the council has released them';
comment on column open_data.kpi.council is
'the council, as its file is called';
comment on column open_data.kpi.transaction is
'the transaction, as its contract is called';
comment on column open_data.kpi.period_kind is
'week, month or quarter';
comment on column open_data.kpi.period_start is
'first day of the period, on the Europe/London calendar; weeks begin on Monday';
comment on column open_data.kpi.kpi is
'name of the KPI';
comment on column open_data.kpi.version is
'version of its definition';
comment on column open_data.kpi.label is
'channel or kind, where the KPI has a row for each';
comment on column open_data.kpi.numerator is
'what is divided, or the sum itself; empty for hours';
comment on column open_data.kpi.denominator is
'what it is divided by; empty for counts and sums';
comment on column open_data.kpi.value is
'the figure, in the unit of the KPI';
comment on column open_data.kpi.first_value is
'the figure as it was first released';
comment on column open_data.kpi.basis is
'full or estimated';
comment on column open_data.kpi.caveats is
'keys of what a reader must know beside the figure';
