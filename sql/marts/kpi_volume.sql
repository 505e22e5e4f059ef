-- grain: touched period; completed transactions
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'volume',
    '1',
    volume.reports,
    null,
    volume.reports as figure,
    touched.basis
from touched_period as touched
inner join marts.volume
    on
        touched.period_kind = volume.period_kind
        and touched.period_start = volume.period_start
        and volume.breakdown = 'total'
where volume.council = :council and volume.transaction = :transaction
