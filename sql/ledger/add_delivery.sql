-- grain: one delivery; no row comes back when these bytes were delivered before, for the same day if it names one
insert into ledger.delivery (feed_id, name, sha256, size_bytes, as_of, run_id, name_day, series)
values (
    :feed_id, :name, :sha256, :size_bytes, :as_of, :run_id, coalesce(cast(:name_day as date), '-infinity'), :series
)
on conflict (feed_id, sha256, name_day) do nothing
returning delivery_id
