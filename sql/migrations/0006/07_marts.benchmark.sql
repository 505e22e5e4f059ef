-- grain: transaction x period x KPI x version x label x basis x group of three councils or more
-- Now with a comment on every column.
comment on view marts.benchmark is
'Median and quartiles of a KPI over three councils or more that have it';
comment on column marts.benchmark.transaction is
'the transaction, as its contract is called';
comment on column marts.benchmark.period_kind is
'week, month or quarter';
comment on column marts.benchmark.period_start is
'first day of the period, on the Europe/London calendar; weeks begin on Monday';
comment on column marts.benchmark.kpi is
'name of the KPI';
comment on column marts.benchmark.version is
'version of its definition';
comment on column marts.benchmark.label is
'channel or kind, where the KPI has a row for each';
comment on column marts.benchmark.basis is
'full or estimated; the two are never put together';
comment on column marts.benchmark.comparison is
'all, tier or group';
comment on column marts.benchmark.subject is
'the tier, or council/name of the group; empty for all';
comment on column marts.benchmark.councils is
'how many have the figure';
comment on column marts.benchmark.lower_quartile is
'a quarter of them have less';
comment on column marts.benchmark.median is
'half of them have less';
comment on column marts.benchmark.upper_quartile is
'three quarters of them have less';
