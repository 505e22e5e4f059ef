-- grain: one entry for each record; serves reads of a stretch of time in time order
create index if not exists platform_records_by_time on platform_records (data_set, stamped_at, id)
