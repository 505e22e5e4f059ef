-- grain: one released period of a feed that the file of a council which takes part has
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
inner join marts.offer
    on
        period.council = offer.council
        and period.transaction = offer.transaction
        and offer.state = 'provided'
order by period.transaction, period.council, period.period_kind, period.period_start
