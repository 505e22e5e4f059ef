-- grain: touched quarter; cost of the transactions of the last 12 months, in pounds each (GDS service manual)
-- Transactions by channels without a unit cost are left out; where those are more than one in twenty there is no value.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis, caveats
)
with months as (
    select
        touched.period_start,
        count(*) as whole
    from touched_quarter as touched
    inner join marts.volume
        on
            volume.council = :council
            and volume.transaction = :transaction
            and volume.period_kind = 'month'
            and volume.basis = 'full'
            and volume.breakdown = 'total'
            and volume.period_start >= touched.period_end - interval '12 months'
            and touched.period_end > volume.period_start
    group by touched.period_start
),

costs as (
    select
        period_start,
        sum(reports * pounds) as pounds,
        sum(reports) filter (where pounds is not null) as costed,
        sum(reports) as transactions,
        bool_or(estimated and reports > 0) as estimated,
        bool_or(not own and reports > 0) as national
    from costed_month
    where latest
    group by period_start
)

select
    :council,
    :transaction,
    'quarter',
    months.period_start,
    'cost-per-transaction',
    '1',
    coalesce(costs.pounds, 0),
    coalesce(costs.costed, 0),
    case when costs.costed >= 0.95 * costs.transactions then costs.pounds / nullif(costs.costed, 0) end,
    case when months.whole < 12 then 'partial' when costs.estimated then 'estimated' else 'full' end,
    array_remove(
        array[
            case when months.whole < 12 then 'fewer-than-12-months' end,
            case when costs.national then 'national-unit-costs' end,
            case when costs.estimated and not costs.national then 'estimated-unit-costs' end,
            case when coalesce(costs.costed, 0) < costs.transactions then 'channels-without-cost' end
        ], null
    )
from months
left join costs on months.period_start = costs.period_start
