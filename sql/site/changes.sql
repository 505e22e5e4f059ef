-- grain: one entry of the change log of a council that takes part, newest first
-- Those of a feed that its file no longer has stay: who uses the figures must learn what has been public.
select
    change.changed_at,
    change.council,
    change.transaction,
    change.what,
    change.data_set,
    change.figures,
    change.first_period,
    change.last_period
from open_data.change
inner join marts.council on change.council = council.council
order by change.changed_at desc, change.change_id desc
limit cast(:most as integer)
