-- grain: one delivery; no row comes back when these bytes are known
-- Known are bytes that were delivered before, for the same day if their name carries one: unless the same file has been
-- sent otherwise since, for then they are news again. Each of a night's several files is one of its own: two depots may
-- well have counted the same.
insert into ledger.delivery (feed_id, name, sha256, size_bytes, as_of, run_id, name_day, series, resent)
select
    :feed_id,
    :name,
    :sha256,
    :size_bytes,
    :as_of,
    :run_id,
    given.name_day,
    :series,
    (
        select count(*)
        from ledger.delivery as before
        where before.feed_id = :feed_id and before.sha256 = :sha256 and before.name_day = given.name_day
    )
from (select coalesce(cast(:name_day as date), '-infinity') as name_day) as given
where
    not exists (
        select 1 from ledger.delivery as known
        where
            known.feed_id = :feed_id
            and known.sha256 = :sha256
            and known.name_day = given.name_day
            and (
                (known.name <> :name and known.series = :series)
                or (
                    known.name = :name
                    and not exists (
                        select 1 from ledger.delivery as later
                        where
                            later.feed_id = :feed_id
                            and later.name = :name
                            and later.name_day = given.name_day
                            and later.delivery_id > known.delivery_id
                            and later.sha256 <> :sha256
                    )
                )
            )
    )
returning delivery_id
