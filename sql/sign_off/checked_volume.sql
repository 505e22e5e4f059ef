-- grain: whole, finished period of a feed: its total now and as it was released
select
    total.period_start,
    total.reports as found,
    total.reports as weight,
    shown.reports as before,
    shown.first_reports as first
from marts.volume as total
left join open_data.period as shown
    on
        total.council = shown.council
        and total.transaction = shown.transaction
        and total.period_kind = shown.period_kind
        and total.period_start = shown.period_start
where
    total.council = :council
    and total.transaction = :transaction
    and total.period_kind = :period_kind
    and total.breakdown = 'total'
    and total.basis = 'full'
order by total.period_start
