-- grain: council with the records that the platform holds of it, and those in which platform and marts differ
select
    publication.council,
    count(publication.payload_hash) as records,
    count(*) filter (where publication.payload_hash is null) as differing
from ledger.publication
group by publication.council
order by publication.council
