-- grain: council x transaction x period x KPI x version x label
-- Now with a comment on every column.
comment on table marts.kpi is
'Every KPI of every council and period (docs/kpis.md)';
comment on column marts.kpi.council is
'the council, as its file is called';
comment on column marts.kpi.transaction is
'the transaction, as its contract is called';
comment on column marts.kpi.period_kind is
'week, month or quarter';
comment on column marts.kpi.period_start is
'first day of the period, on the Europe/London calendar; weeks begin on Monday';
comment on column marts.kpi.kpi is
'name of the KPI';
comment on column marts.kpi.version is
'version of its definition; figures of different versions are never compared';
comment on column marts.kpi.numerator is
'what is divided, or the sum itself; empty for hours';
comment on column marts.kpi.denominator is
'what it is divided by; empty for counts and sums';
comment on column marts.kpi.value is
'the figure, in the unit of the KPI; empty where there is nothing to divide';
comment on column marts.kpi.basis is
'full, partial (not published, in no benchmark) or estimated';
comment on column marts.kpi.label is
'channel or kind, for KPIs with a row for each; empty otherwise';
comment on column marts.kpi.caveats is
'keys of what a reader must know beside the figure (docs/kpis.md)';
