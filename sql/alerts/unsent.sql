-- grain: all messages: how many some channel has not taken yet
select count(*)
from ledger.message
where finished_at is null
