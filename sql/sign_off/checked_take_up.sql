-- grain: whole, finished period of a feed: its take-up now and as it was released
select
    figure.period_start,
    figure.value as found,
    figure.denominator as weight,
    shown.value as before,
    shown.first_value as first
from marts.kpi as figure
left join open_data.kpi as shown
    on
        figure.council = shown.council
        and figure.transaction = shown.transaction
        and figure.period_kind = shown.period_kind
        and figure.period_start = shown.period_start
        and figure.kpi = shown.kpi
        and figure.version = shown.version
        and figure.label = shown.label
where
    figure.council = :council
    and figure.transaction = :transaction
    and figure.period_kind = :period_kind
    and figure.kpi = 'digital-takeup'
    and figure.version = 'current'
    and figure.basis = 'full'
    and figure.value is not null
order by figure.period_start
