-- grain: one released period of a council that takes part
select
    period.council,
    period.transaction,
    period.period_kind,
    period.period_start,
    period.reports,
    period.working_days,
    period.bank_holidays,
    period.cycle_week,
    period.same_point
from open_data.period
inner join marts.council on period.council = council.council
order by period.transaction, period.council, period.period_kind, period.period_start
