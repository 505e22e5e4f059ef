-- grain: one failed task of one run; a later try takes the place of an earlier one
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
