-- grain: one fault of one run that a message tells
update ledger.fault
set told_at = clock_timestamp()
where
    council = :council
    and run_id = :run_id
    and mended_at is null
    and (transaction, step) in (
        select
            given.transaction,
            given.step
        from unnest(cast(:transactions as text[]), cast(:steps as text[])) as given (transaction, step)
    )
