-- grain: touched quarter; pounds saved in its last 12 months by the mix of channels having changed in a year
-- What the transactions would have cost by the mix of the 12 months before, less what they cost by their own, both at
-- the unit costs that hold at the end: an estimate, and only where both years are whole.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis, caveats
)
with whole as (
    select touched.period_start
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
    group by touched.period_start
    having count(*) = 24
),

costs as (
    select
        period_start,
        latest,
        sum(reports * last_pounds) as pounds,
        sum(reports) filter (where last_pounds is not null) as costed,
        sum(reports) as transactions,
        bool_or(last_estimated and reports > 0) as estimated,
        bool_or(not last_own and reports > 0) as national
    from costed_month
    group by period_start, latest
),

savings as (
    select
        whole.period_start,
        case
            when last_.costed >= 0.95 * last_.transactions and before.costed >= 0.95 * before.transactions
                then before.pounds * last_.costed / nullif(before.costed, 0) - last_.pounds
        end as pounds,
        last_.national or before.national as national,
        last_.estimated or before.estimated as estimated,
        coalesce(last_.costed, 0) < last_.transactions
        or coalesce(before.costed, 0) < before.transactions as left_out
    from whole
    left join costs as last_ on whole.period_start = last_.period_start and last_.latest
    left join costs as before on whole.period_start = before.period_start and not before.latest
)

select
    :council,
    :transaction,
    'quarter',
    period_start,
    'channel-shift-saving',
    '1',
    pounds,
    null,
    pounds as figure,
    'estimated',
    array_remove(
        array[
            'saving-estimated',
            case when national then 'national-unit-costs' end,
            case when estimated and not coalesce(national, false) then 'estimated-unit-costs' end,
            case when left_out then 'channels-without-cost' end
        ], null
    )
from savings
