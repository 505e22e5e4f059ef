-- grain: one figure that was held back and is within its band again
update ledger.hold
set lifted_at = clock_timestamp()
where
    hold.feed_id = :feed_id
    and hold.approval_id is null
    and hold.lifted_at is null
    and not exists (
        select 1
        from
            unnest(
                cast(:check_names as text[]),
                cast(:period_kinds as text[]),
                cast(:period_starts as date[])
            ) as given (check_name, period_kind, period_start)
        where
            given.check_name = hold.check_name
            and given.period_kind = hold.period_kind
            and given.period_start = hold.period_start
    )
