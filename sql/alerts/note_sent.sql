-- grain: one channel that has now taken a message
insert into ledger.message_sent (message_id, channel)
values (:message_id, :channel)
on conflict do nothing
