-- grain: data set of counts x period of a feed: how many transactions its shown counts add up to, of how many
select
    volume.data_set,
    volume.period_start,
    coalesce(sum(volume.reports), 0) as shown,
    min(period.reports) as total
from open_data.volume
inner join open_data.period
    on
        volume.council = period.council
        and volume.transaction = period.transaction
        and volume.period_kind = period.period_kind
        and volume.period_start = period.period_start
where volume.council = :council and volume.transaction = :transaction and volume.period_kind = :period_kind
group by volume.data_set, volume.period_start
