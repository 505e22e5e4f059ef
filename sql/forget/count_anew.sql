-- grain: one delivery that was validated: what it holds no longer is counted as left out
-- Doing it again changes nothing.
update ledger.delivery
set
    accepted = :accepted,
    quarantined = left_over.quarantined,
    filtered = rows_read - :accepted - left_over.quarantined - duplicates,
    forgotten
    = rows_read - :accepted - left_over.quarantined - duplicates - (coalesce(filtered, 0) - forgotten)
from (
    select count(distinct line) as quarantined
    from ledger.quarantine
    where delivery_id = :delivery_id
) as left_over
where delivery_id = :delivery_id and rows_read is not null
