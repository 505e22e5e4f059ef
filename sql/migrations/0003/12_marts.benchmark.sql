-- grain: transaction x period x KPI x version x label x basis x group of three councils or more that have the figure
-- Figures of different measures, versions or bases are never put together; partial figures are in no benchmark.
-- comparison: `all`, `tier` (subject: the tier) or `group` (subject: `council/name of the group`).
create view marts.benchmark as
with members as (
    select
        'all' as comparison,
        '' as subject,
        council
    from marts.council
    union all
    select
        'tier',
        tier,
        council
    from marts.council
    union all
    select
        'group',
        owner || '/' || name,
        member
    from marts.comparison_group
)

select
    kpi.transaction,
    kpi.period_kind,
    kpi.period_start,
    kpi.kpi,
    kpi.version,
    kpi.label,
    kpi.basis,
    members.comparison,
    members.subject,
    count(*) as councils,
    percentile_cont(0.25) within group (order by kpi.value) as lower_quartile,
    percentile_cont(0.5) within group (order by kpi.value) as median,
    percentile_cont(0.75) within group (order by kpi.value) as upper_quartile
from marts.kpi
inner join marts.council on kpi.council = council.council
inner join members on kpi.council = members.council
where kpi.basis in ('full', 'estimated') and kpi.value is not null
group by
    kpi.transaction,
    kpi.period_kind,
    kpi.period_start,
    kpi.kpi,
    kpi.version,
    kpi.label,
    kpi.basis,
    members.comparison,
    members.subject
having count(*) >= 3;
