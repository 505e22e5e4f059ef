-- grain: one look at one feed's page in one hour of UTC; no row comes back when somebody has looked already
insert into ledger.page_check (feed_id, hour, state, reason)
values (:feed_id, :hour, 'unmonitored', 'interrupted')
on conflict do nothing
returning feed_id
