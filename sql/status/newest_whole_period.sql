-- grain: the newest period for which three councils or more have the whole figure, else the newest that any has it for
select period_start
from marts.kpi
inner join marts.council on kpi.council = council.council
where
    kpi.transaction = :transaction
    and kpi.kpi = :kpi
    and kpi.version = :version
    and kpi.period_kind = :period_kind
    and kpi.label = :label
    and kpi.basis <> 'partial'
    and kpi.value is not null
group by kpi.period_start
order by least(count(*), 3) desc, kpi.period_start desc
limit 1
