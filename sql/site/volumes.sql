-- grain: one released count by a breakdown of a council that takes part
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
order by
    volume.transaction, volume.data_set, volume.council, volume.period_start, volume.label, volume.across_label
