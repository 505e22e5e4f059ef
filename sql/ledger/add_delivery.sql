-- grain: one delivery; no row comes back when these bytes were delivered before
insert into ledger.delivery (feed_id, name, sha256, size_bytes, as_of, run_id)
values (:feed_id, :name, :sha256, :size_bytes, :as_of, :run_id)
on conflict (feed_id, sha256) do nothing
returning delivery_id
