-- grain: touched quarter x channel that was used and has a unit cost: pounds each over the last 12 months
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, label, numerator, denominator, value, basis, caveats
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
        channel,
        sum(reports * pounds) as pounds,
        sum(reports) as transactions,
        bool_or(estimated) as estimated,
        bool_or(not own) as national
    from costed_month
    where latest and pounds is not null and reports > 0
    group by period_start, channel
)

select
    :council,
    :transaction,
    'quarter',
    costs.period_start,
    'cost-by-channel',
    '1',
    costs.channel,
    costs.pounds,
    costs.transactions,
    costs.pounds / costs.transactions,
    case when months.whole < 12 then 'partial' when costs.estimated then 'estimated' else 'full' end,
    array_remove(
        array[
            case when months.whole < 12 then 'fewer-than-12-months' end,
            case when costs.national then 'national-unit-costs' end,
            case when costs.estimated and not costs.national then 'estimated-unit-costs' end
        ], null
    )
from costs
inner join months on costs.period_start = months.period_start
