-- grain: touched quarter x whole month of the 24 that end with it x channel, with what a transaction by it cost then
-- The council's own unit cost that holds on the first of the month goes before the contract's; there may be none.
-- last_cost is the one that holds on the first of the quarter's last month. latest: of the last 12 months, not of the
-- 12 before.
create temporary table costed_month on commit drop as
with supplied as (
    select *
    from unnest(
        cast(:cost_channels as text[]),
        cast(:cost_pounds as numeric[]),
        cast(:cost_from as date[]),
        cast(:cost_own as boolean[]),
        cast(:cost_estimated as boolean[])
    ) as facts (channel, pounds, valid_from, own, estimated)
)

select
    touched.period_start,
    volume.period_start as month,
    volume.period_start >= touched.period_end - interval '12 months' as latest,
    volume.label as channel,
    volume.reports,
    cost.pounds,
    coalesce(cost.own, true) as own,
    coalesce(cost.estimated, false) as estimated,
    last_cost.pounds as last_pounds,
    coalesce(last_cost.own, true) as last_own,
    coalesce(last_cost.estimated, false) as last_estimated
from touched_quarter as touched
inner join marts.volume
    on
        volume.council = :council
        and volume.transaction = :transaction
        and volume.period_kind = 'month'
        and volume.basis = 'full'
        and volume.breakdown = 'channel'
        and volume.across = ''
        and volume.period_start >= touched.period_end - interval '24 months'
        and touched.period_end > volume.period_start
left join
    lateral (
        select
            supplied.pounds,
            supplied.own,
            supplied.estimated
        from supplied
        where supplied.channel = volume.label and supplied.valid_from <= volume.period_start
        order by supplied.own desc, supplied.valid_from desc
        limit 1
    ) as cost
    on true
left join
    lateral (
        select
            supplied.pounds,
            supplied.own,
            supplied.estimated
        from supplied
        where supplied.channel = volume.label and supplied.valid_from <= touched.period_end - interval '1 month'
        order by supplied.own desc, supplied.valid_from desc
        limit 1
    ) as last_cost
    on true
