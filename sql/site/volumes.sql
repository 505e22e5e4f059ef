-- grain: one released count by a breakdown of a feed that the file of a council which takes part has
select
    volume.council,
    volume.transaction,
    volume.data_set,
    volume.period_kind,
    volume.period_start,
    volume.label,
    volume.across_label,
    volume.reports,
    volume.state
from open_data.volume
inner join marts.council on volume.council = council.council
inner join marts.offer
    on
        volume.council = offer.council
        and volume.transaction = offer.transaction
        and offer.state = 'provided'
order by
    volume.transaction, volume.data_set, volume.council, volume.period_start, volume.label, volume.across_label
