-- grain: one message that is past its time
delete from ledger.message
where made_at < clock_timestamp() - make_interval(days => :days)
