-- grain: one released KPI of a whole council, to be found by its transaction
create index kpi_of_whole_councils on open_data.kpi (transaction, period_kind) where label = '';
