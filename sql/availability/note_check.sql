-- grain: one look at one feed's page in one hour of UTC, now with what came of it
update ledger.page_check
set
    state = :state,
    reason = :reason,
    status = :status,
    response_ms = :response_ms,
    checked_at = clock_timestamp()
where feed_id = :feed_id and hour = :hour
