-- grain: one keyed hash of a case or of premises whose rows are left out of a feed's deliveries
select
    suppressed.kind,
    suppressed.key_hash,
    suppressed.forgotten_id,
    forgotten.secret_mark
from ledger.suppressed
inner join ledger.forgotten on suppressed.forgotten_id = forgotten.forgotten_id
where suppressed.feed_id = :feed_id
