-- grain: transaction x period x KPI x version x label x basis x group of three councils or more that have the figure
-- As marts.benchmark, of released figures only, as they were when the edition was taken.
create table open_data.benchmark (
    transaction text not null references open_data.edition on delete cascade,
    period_kind text not null,
    period_start date not null,
    kpi text not null,
    version text not null,
    label text not null,
    basis text not null,
    comparison text not null check (comparison in ('all', 'tier', 'group')),
    subject text not null,
    councils integer not null check (councils >= 3),
    lower_quartile double precision not null,
    median double precision not null,
    upper_quartile double precision not null
);
create index on open_data.benchmark (transaction, comparison, subject);
comment on table open_data.benchmark is
'Median and quartiles over councils, as the public pages show them';
comment on column open_data.benchmark.transaction is
'the transaction, as its contract is called';
comment on column open_data.benchmark.period_kind is
'week, month or quarter';
comment on column open_data.benchmark.period_start is
'first day of the period, on the Europe/London calendar; weeks begin on Monday';
comment on column open_data.benchmark.kpi is
'name of the KPI';
comment on column open_data.benchmark.version is
'version of its definition';
comment on column open_data.benchmark.label is
'channel or kind, where the KPI has a row for each';
comment on column open_data.benchmark.basis is
'full or estimated';
comment on column open_data.benchmark.comparison is
'all, tier or group';
comment on column open_data.benchmark.subject is
'the tier, or council/name of the group; empty for all';
comment on column open_data.benchmark.councils is
'how many councils have the figure';
comment on column open_data.benchmark.lower_quartile is
'a quarter of them have at most this';
comment on column open_data.benchmark.median is
'half of them have at most this';
comment on column open_data.benchmark.upper_quartile is
'three quarters of them have at most this';
