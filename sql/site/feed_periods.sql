-- grain: one released period of a feed
select
    period_kind,
    period_start,
    reports,
    working_days,
    cycle_week,
    same_point,
    to_json(bank_holidays) as bank_holidays
from open_data.period
where council = :council and transaction = :transaction
order by period_kind collate "C", period_start
