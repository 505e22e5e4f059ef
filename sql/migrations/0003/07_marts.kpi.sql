-- grain: council x transaction x period x KPI x version x label (a channel or kind where a KPI has one row for each)
-- caveats: keys of what a reader must know beside the figure (local_digital/kpis.py).
alter table marts.kpi
add column label text not null default '',
add column caveats text[] not null default '{}',
drop constraint kpi_pkey,
drop constraint kpi_period_kind_check,
drop constraint kpi_basis_check,
add primary key (council, transaction, period_kind, period_start, kpi, version, label),
add check (period_kind in ('week', 'month', 'quarter')),
add check (basis in ('full', 'partial', 'estimated'));
create index on marts.kpi (transaction, kpi, period_kind, period_start);
