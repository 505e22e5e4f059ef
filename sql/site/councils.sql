-- grain: one council that takes part
select
    council,
    name,
    gss_code,
    tier,
    nation,
    region,
    population
from marts.council
order by name, council
