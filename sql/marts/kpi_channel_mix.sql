-- grain: touched period x channel that the feed offers or that was used: its share of the transactions
-- A channel that is offered and was not used has a share of nought; one that is not offered has none.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, label, numerator, denominator, value, basis
)
with used as (
    select
        volume.period_kind,
        volume.period_start,
        volume.label,
        volume.reports
    from marts.volume
    inner join touched_period as touched
        on volume.period_kind = touched.period_kind and volume.period_start = touched.period_start
    where
        volume.council = :council
        and volume.transaction = :transaction
        and volume.breakdown = 'channel'
        and volume.across = ''
),

cells as (
    select
        period_kind,
        period_start,
        label
    from used
    union
    select
        touched.period_kind,
        touched.period_start,
        offered.label
    from touched_period as touched
    cross join unnest(cast(:channels as text[])) as offered (label)
)

select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'channel-mix',
    '1',
    cells.label,
    coalesce(used.reports, 0),
    whole.reports,
    coalesce(used.reports, 0) / nullif(cast(whole.reports as numeric), 0),
    touched.basis
from touched_period as touched
inner join cells on touched.period_kind = cells.period_kind and touched.period_start = cells.period_start
inner join marts.volume as whole
    on
        whole.council = :council
        and whole.transaction = :transaction
        and whole.breakdown = 'total'
        and touched.period_kind = whole.period_kind
        and touched.period_start = whole.period_start
left join used
    on
        cells.period_kind = used.period_kind
        and cells.period_start = used.period_start
        and cells.label = used.label
