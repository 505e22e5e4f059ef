-- grain: figure of a reached week or month, with what its reader must know beside what its own statement has said
update marts.kpi as figure
set
    caveats = figure.caveats || array_remove(
        array[
            case when figure.period_kind = 'week' and cardinality(period.bank_holidays) > 0 then 'bank-holiday' end,
            case when
                figure.kpi in ('channel-mix', 'digital-takeup') and exists (
                    select 1 from marts.volume
                    where
                        volume.council = :council
                        and volume.transaction = :transaction
                        and volume.period_kind = figure.period_kind
                        and volume.period_start = figure.period_start
                        and volume.breakdown = 'channel'
                        and volume.across = ''
                        and volume.label = 'unmapped'
                ) then 'unmapped-channels' end,
            case when
                figure.kpi in ('median-hours-to-close', 'p90-hours-to-close', 'rectified') and exists (
                    select 1 from counted_period as counted
                    where
                        counted.period_kind = figure.period_kind
                        and counted.period_start = figure.period_start
                        and counted.still_open > 0
                ) then 'still-open' end,
            case when
                figure.kpi = 'repeat-misses' and figure.denominator < (
                    select volume.reports from marts.volume
                    where
                        volume.council = :council
                        and volume.transaction = :transaction
                        and volume.period_kind = figure.period_kind
                        and volume.period_start = figure.period_start
                        and volume.breakdown = 'total'
                ) then 'no-premises' end,
            case when
                figure.kpi = 'user-satisfaction' and figure.denominator * 10 < 4 * (
                    select volume.reports from marts.volume
                    where
                        volume.council = :council
                        and volume.transaction = :transaction
                        and volume.period_kind = figure.period_kind
                        and volume.period_start = figure.period_start
                        and volume.breakdown = 'total'
                ) then 'no-rating' end
        ], null
    )
from reached_period as reached
inner join marts.period
    on
        period.council = :council
        and period.transaction = :transaction
        and reached.period_kind = period.period_kind
        and reached.period_start = period.period_start
where
    figure.council = :council
    and figure.transaction = :transaction
    and figure.period_kind = reached.period_kind
    and figure.period_start = reached.period_start
    and (reached.direct or figure.kpi = 'repeat-misses')
