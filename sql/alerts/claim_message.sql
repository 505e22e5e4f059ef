-- grain: one message that is to be sent; no row comes back while somebody else sends it
select
    message_id,
    council,
    facts,
    made_at
from ledger.message
where message_id = :message_id and finished_at is null
-- Whoever holds it notes what was sent over another connection, which must be able to refer to it.
for no key update skip locked
