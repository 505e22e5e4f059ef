-- grain: one failed task of a council whose fault still stands, newest first
select
    run_id,
    transaction,
    step,
    kind,
    place,
    expected,
    found,
    action,
    at
from ledger.fault
where council = :council and mended_at is null
order by at desc, run_id desc, transaction asc, step asc
limit :newest
