-- grain: council that takes part: its figure of one KPI in one period, or why there is none
-- before: the value at the same point of the council's round of collections, for weeks.
select
    council.council,
    council.name,
    council.tier,
    offer.state,
    figure.numerator,
    figure.denominator,
    figure.value,
    figure.basis,
    period.working_days,
    period.bank_holidays,
    period.cycle_week,
    before.value as before,
    coalesce(:kpi = any(offer.not_supplied), false) as not_supplied,
    coalesce(figure.caveats, '{}') as caveats,
    -- Who provides it here, where a transport executive does.
    coalesce('provided by ' || executive.name, offer.reason) as reason
from marts.council
left join marts.offer on council.council = offer.council and offer.transaction = :transaction
left join
    lateral (
        select min(serving.name) as name
        from marts.council as serving
        inner join marts.offer as served
            on serving.council = served.council and served.transaction = :transaction and served.state = 'provided'
        where council.authority = any(serving.covers) and offer.state = 'not-provided'
    ) as executive
    on true
left join marts.kpi as figure
    on
        council.council = figure.council
        and figure.transaction = :transaction
        and figure.period_kind = :period_kind
        and figure.period_start = :period_start
        and figure.kpi = :kpi
        and figure.version = :version
        and figure.label = :label
left join marts.period
    on
        council.council = period.council
        and period.transaction = :transaction
        and period.period_kind = :period_kind
        and period.period_start = :period_start
left join marts.kpi as before
    on
        period.council = before.council
        and before.transaction = :transaction
        and period.period_kind = before.period_kind
        and period.same_point = before.period_start
        and before.kpi = :kpi
        and before.version = :version
        and before.label = :label
        and before.basis <> 'partial'
order by council.name
