-- grain: one channel that has taken a message
select channel
from ledger.message_sent
where message_id = :message_id
