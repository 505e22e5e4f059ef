-- grain: one record of one data set that the platform holds, but for the moment at which it was stored
select row(data_set, id, stamped_at, record - '_updated_at')::text as line
from platform_records
