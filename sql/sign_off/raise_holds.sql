-- grain: one figure that is held back; it stands once, with the newest figure
insert into ledger.hold (feed_id, check_name, period_kind, period_start, found, lowest, highest, run_id)
select
    :feed_id,
    given.check_name,
    given.period_kind,
    given.period_start,
    given.found,
    given.lowest,
    given.highest,
    :run_id
from
    unnest(
        cast(:check_names as text[]),
        cast(:period_kinds as text[]),
        cast(:period_starts as date[]),
        cast(:found as numeric[]),
        cast(:lowest as numeric[]),
        cast(:highest as numeric[])
    ) as given (check_name, period_kind, period_start, found, lowest, highest)
on conflict (feed_id, check_name, period_kind, period_start) where approval_id is null and lifted_at is null
do update set
    found = excluded.found,
    lowest = excluded.lowest,
    highest = excluded.highest
