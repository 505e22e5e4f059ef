-- grain: one whole, finished period of a feed, as it is released
with wanted as (
    select
        total.period_kind,
        total.period_start,
        total.reports,
        period.working_days,
        period.bank_holidays,
        period.cycle_week,
        period.same_point
    from marts.volume as total
    left join marts.period
        on
            total.council = period.council
            and total.transaction = period.transaction
            and total.period_kind = period.period_kind
            and total.period_start = period.period_start
    where
        total.council = :council
        and total.transaction = :transaction
        and total.breakdown = 'total'
        and total.basis = 'full'
),

gone as (
    delete from open_data.period as shown
    where
        shown.council = :council
        and shown.transaction = :transaction
        and not exists (
            select 1 from wanted
            where shown.period_kind = wanted.period_kind and shown.period_start = wanted.period_start
        )
)

insert into open_data.period as shown (
    council,
    transaction,
    period_kind,
    period_start,
    reports,
    first_reports,
    working_days,
    bank_holidays,
    cycle_week,
    same_point
)
select
    :council,
    :transaction,
    period_kind,
    period_start,
    reports,
    reports as first_reports,
    working_days,
    coalesce(bank_holidays, '{}'),
    cycle_week,
    same_point
from wanted
on conflict (council, transaction, period_kind, period_start) do update set
    reports = excluded.reports,
    working_days = excluded.working_days,
    bank_holidays = excluded.bank_holidays,
    cycle_week = excluded.cycle_week,
    same_point = excluded.same_point
where
(shown.reports, shown.working_days, shown.bank_holidays, shown.cycle_week, shown.same_point)
is distinct from
(excluded.reports, excluded.working_days, excluded.bank_holidays, excluded.cycle_week, excluded.same_point)
