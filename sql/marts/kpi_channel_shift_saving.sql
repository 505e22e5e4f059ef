-- grain: touched quarter; pounds saved in its last 12 months by the mix of channels having changed in a year
-- What the transactions would have cost by the mix of the 12 months before, less what they cost by their own, both at
-- the unit costs that hold at the end: an estimate, and only where both years are whole.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis, caveats
)
with years as (
    select
        touched.period_start,
        volume.period_start >= touched.period_end - interval '12 months' as latest,
        count(*) as whole
    from touched_quarter as touched
    inner join marts.volume
        on
            volume.council = :council
            and volume.transaction = :transaction
            and volume.period_kind = 'month'
            and volume.basis = 'full'
            and volume.breakdown = 'total'
            and volume.period_start >= touched.period_end - interval '24 months'
            and touched.period_end > volume.period_start
    group by touched.period_start, latest
),

costs as (
    select
        period_start,
        latest,
        sum(reports * last_pounds) / nullif(sum(reports) filter (where last_pounds is not null), 0) as each,
        coalesce(sum(reports) filter (where last_pounds is not null), 0) as costed,
        sum(reports) as transactions
    from costed_month
    group by period_start, latest
)

select
    :council,
    :transaction,
    'quarter',
    now_.period_start,
    'channel-shift-saving',
    '1',
    (before.each - now_.each) * now_.costed,
    null,
    (before.each - now_.each) * now_.costed,
    'estimated',
    array_remove(
        array[
            'saving-estimated',
            case
                when now_.costed < now_.transactions or before.costed < before.transactions
                    then 'channels-without-cost'
            end
        ], null
    )
from costs as now_
inner join costs as before on now_.period_start = before.period_start and not before.latest
where
    now_.latest
    and now_.costed >= 0.95 * now_.transactions
    and before.costed >= 0.95 * before.transactions
    and (
        select sum(years.whole) from years
        where years.period_start = now_.period_start
    ) = 24
