-- grain: one loaded delivery that gives way to a later version of its file
update ledger.delivery as earlier
set superseded_by = later.delivery_id
from ledger.delivery as later
where
    later.delivery_id = :delivery_id
    and ledger.corrects(later, earlier)
    and earlier.superseded_by is null
    and earlier.status = 'loaded'
returning earlier.delivery_id
