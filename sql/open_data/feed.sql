-- grain: one feed whose figures are public
insert into open_data.feed (council, transaction, run_id)
values (:council, :transaction, :run_id)
on conflict (council, transaction) do nothing
