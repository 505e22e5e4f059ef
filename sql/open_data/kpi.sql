-- grain: one whole, finished KPI figure of a feed, as it is released; what changed goes into the change log
with wanted as (
    select
        figure.period_kind,
        figure.period_start,
        figure.kpi,
        figure.version,
        figure.label,
        figure.numerator,
        figure.denominator,
        figure.value,
        figure.basis,
        figure.caveats
    from marts.kpi as figure
    left join unnest(cast(:kpis as text[]), cast(:thresholds as integer[])) as controlled (kpi, threshold)
        on figure.kpi = controlled.kpi
    where
        figure.council = :council
        and figure.transaction = :transaction
        and figure.basis in ('full', 'estimated')
        and figure.kpi <> all(cast(:untold as text[]))
        and not figure.caveats && cast(:untold_with as text[])
        -- As on the platform (`publish/kpi`): about too few is about none.
        and coalesce(figure.denominator, figure.numerator, figure.value, 0) >= coalesce(controlled.threshold, 0)
),

gone as (
    delete from open_data.kpi as shown
    where
        shown.council = :council
        and shown.transaction = :transaction
        and not exists (
            select 1 from wanted
            where
                shown.period_kind = wanted.period_kind
                and shown.period_start = wanted.period_start
                and shown.kpi = wanted.kpi
                and shown.version = wanted.version
                and shown.label = wanted.label
        )
    returning shown.period_start
),

written as (
    insert into open_data.kpi as shown (
        council, transaction, period_kind, period_start, kpi, version, label,
        numerator, denominator, value, basis, caveats, first_value
    )
    select
        :council,
        :transaction,
        wanted.*,
        wanted.value as first_value
    from wanted
    on conflict (council, transaction, period_kind, period_start, kpi, version, label) do update
        set
            numerator = excluded.numerator,
            denominator = excluded.denominator,
            value = excluded.value,
            basis = excluded.basis,
            caveats = excluded.caveats
        where
        (shown.numerator, shown.denominator, shown.value, shown.basis, shown.caveats)
        is distinct from (excluded.numerator, excluded.denominator, excluded.value, excluded.basis, excluded.caveats)
    returning shown.period_start, case when xmax = 0 then 'added' else 'revised' end as what
),

changes as (
    select
        'withdrawn' as what,
        period_start
    from gone
    union all
    select
        what,
        period_start
    from written
)

insert into open_data.change (council, transaction, run_id, what, data_set, figures, first_period, last_period)
select
    :council,
    :transaction,
    :run_id,
    what,
    'kpis',
    count(*),
    min(period_start),
    max(period_start)
from changes
group by what
order by what
