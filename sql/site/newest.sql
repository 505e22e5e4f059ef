-- grain: the newest released month, and the newest week, of a feed that a council which takes part has
select distinct on (period.council, period.transaction, period.period_kind)
    period.council,
    period.transaction,
    period.period_kind,
    period.period_start,
    period.reports,
    min(period.period_start) over (
        partition by period.council, period.transaction, period.period_kind
    ) as first_start
from open_data.period
inner join marts.council on period.council = council.council
inner join marts.offer
    on
        period.council = offer.council
        and period.transaction = offer.transaction
        and offer.state = 'provided'
order by period.council asc, period.transaction asc, period.period_kind asc, period.period_start desc
