-- grain: one message that some channel has not taken yet, the oldest first
select message_id
from ledger.message
where finished_at is null and made_at > clock_timestamp() - make_interval(days => :days)
order by message_id
