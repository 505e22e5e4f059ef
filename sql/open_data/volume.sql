-- grain: one count of a feed, as it is released; what changed goes into the change log
with gone as (
    delete from open_data.volume as shown
    where
        shown.council = :council
        and shown.transaction = :transaction
        and not exists (
            select 1 from wanted_volume as wanted
            where
                shown.data_set = wanted.data_set
                and shown.period_start = wanted.period_start
                and shown.label = wanted.label
                and shown.across_label = wanted.across_label
        )
    returning shown.data_set, shown.period_start
),

written as (
    insert into open_data.volume as shown (
        council, transaction, data_set, period_kind, period_start, label, across_label, reports, state
    )
    select
        :council,
        :transaction,
        data_set,
        period_kind,
        period_start,
        label,
        across_label,
        reports,
        state
    from wanted_volume
    on conflict (council, transaction, data_set, period_start, label, across_label) do update
        set
            reports = excluded.reports,
            state = excluded.state
        where (shown.reports, shown.state) is distinct from (excluded.reports, excluded.state)
    returning shown.data_set, shown.period_start, case when xmax = 0 then 'added' else 'revised' end as what
),

changes as (
    select
        'withdrawn' as what,
        data_set,
        period_start
    from gone
    union all
    select
        what,
        data_set,
        period_start
    from written
)

insert into open_data.change (council, transaction, run_id, what, data_set, figures, first_period, last_period)
select
    :council,
    :transaction,
    :run_id,
    what,
    data_set,
    count(*),
    min(period_start),
    max(period_start)
from changes
group by what, data_set
order by data_set, what
