-- grain: one failed task of one run of which the ledger knows no fault that still stands
insert into ledger.fault (council, run_id, transaction, step, error, kind, place, expected, found, action)
values (:council, :run_id, :transaction, :step, :error, :kind, :place, :expected, :found, :action)
on conflict (council, run_id, transaction, step) do update set
    error = excluded.error,
    kind = excluded.kind,
    place = excluded.place,
    expected = excluded.expected,
    found = excluded.found,
    action = excluded.action,
    at = excluded.at,
    mended_at = null,
    told_at = null
where fault.mended_at is not null
