-- grain: one fault of one run that still stands, with since when the same one has been there in earlier runs
select
    fault.transaction,
    fault.step,
    fault.error,
    fault.kind,
    fault.place,
    fault.expected,
    fault.found,
    fault.action,
    fault.told_at,
    (
        select min(earlier.at)
        from ledger.fault as earlier
        where
            earlier.council = fault.council
            and earlier.transaction = fault.transaction
            and earlier.step = fault.step
            and earlier.error = fault.error
            and earlier.mended_at is null
            and earlier.run_id <> fault.run_id
            and earlier.at < fault.at
    ) as since
from ledger.fault
where fault.council = :council and fault.run_id = :run_id and fault.mended_at is null
order by fault.at, fault.transaction, fault.step
