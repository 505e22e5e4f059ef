-- grain: one fault that was mended so long ago that nobody compares it with a new one
delete from ledger.fault
where mended_at < clock_timestamp() - make_interval(days => :days)
