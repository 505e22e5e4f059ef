-- grain: one feed whose public figures changed in this transaction
update open_data.feed
set
    released_at = now(),
    run_id = :run_id
where
    council = :council
    and transaction = :transaction
    and exists (
        select 1 from open_data.change
        where change.council = feed.council and change.transaction = feed.transaction and change.changed_at = now()
    )
returning released_at
