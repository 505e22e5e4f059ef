-- grain: one delivery, now with the rows that were left out as forgotten, and whether it is another one read anew
alter table ledger.delivery
-- They are among the filtered ones.
add column forgotten bigint not null default 0,
-- The same bytes, read again after the council's file was mended; once loaded it takes the other one's place.
add column replay_of bigint references ledger.delivery,
add constraint forgotten_rows_are_filtered check (forgotten between 0 and coalesce(filtered, 0));
