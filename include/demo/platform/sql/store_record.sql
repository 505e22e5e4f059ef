-- grain: one record; a record of the same id is replaced as a whole
insert into platform_records (data_set, id, stamped_at, updated_at, record)
values (:data_set, :id, :stamped_at, :updated_at, cast(:record as jsonb))
on conflict (data_set, id) do update set
    stamped_at = excluded.stamped_at,
    updated_at = excluded.updated_at,
    record = excluded.record
