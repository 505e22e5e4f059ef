-- grain: one released KPI of a whole council by month or quarter; by week where the council has it in no other way
select
    kpi.council,
    kpi.transaction,
    kpi.period_kind,
    kpi.period_start,
    kpi.kpi,
    kpi.version,
    kpi.label,
    cast(kpi.numerator as double precision) as numerator,
    cast(kpi.denominator as double precision) as denominator,
    cast(kpi.value as double precision) as value,
    kpi.basis,
    to_json(kpi.caveats) as caveats
from open_data.kpi
inner join marts.council on kpi.council = council.council
inner join marts.offer
    on
        kpi.council = offer.council
        and kpi.transaction = offer.transaction
        and offer.state = 'provided'
where
    kpi.transaction = :transaction
    and kpi.label = ''
    and kpi.period_kind in ('month', 'quarter')
union all
select
    week.council,
    week.transaction,
    week.period_kind,
    week.period_start,
    week.kpi,
    week.version,
    week.label,
    cast(week.numerator as double precision) as numerator,
    cast(week.denominator as double precision) as denominator,
    cast(week.value as double precision) as value,
    week.basis,
    to_json(week.caveats) as caveats
from open_data.feed
inner join marts.council on feed.council = council.council
inner join marts.offer
    on
        feed.council = offer.council
        and feed.transaction = offer.transaction
        and offer.state = 'provided'
cross join unnest(cast(:kpis as text[]), cast(:versions as text[])) as asked (kpi, version)
inner join open_data.kpi as week
    on
        feed.council = week.council
        and feed.transaction = week.transaction
        and asked.kpi = week.kpi
        and asked.version = week.version
        and week.period_kind = 'week'
        and week.label = ''
where
    feed.transaction = :transaction
    and not exists (
        select 1 from open_data.kpi as other
        where
            feed.council = other.council
            and feed.transaction = other.transaction
            and other.period_kind in ('month', 'quarter')
            and other.kpi = asked.kpi
            and other.version = asked.version
            and other.label = ''
            and other.value is not null
    )
