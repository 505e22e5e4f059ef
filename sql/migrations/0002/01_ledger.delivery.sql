-- grain: one delivery, now with what its name says, what it was made of and the rows of other services in it
alter table ledger.delivery
-- The local day in the file's name; the same bytes under a later day are news: nothing has changed since.
add column name_day date not null default '-infinity',
-- How often these very bytes were delivered before: a file may be sent otherwise, and then as it was at first.
add column resent integer not null default 0,
-- Which of a night's several files this is: what the wildcards in the feed's pattern stood for.
add column series text not null default '',
-- The files inside an archive, in their order; empty for a plain file. See local_digital/places.py.
add column documents text[] not null default '{}',
-- What was found out about the file: encoding, delimiter, line of the header, ...
add column detected jsonb not null default '{}',
add column filtered bigint,
-- The moment up to which figures may be made of it: `as_of`, or earlier when its rows end long before.
add column complete_until timestamptz,
drop constraint delivery_feed_id_sha256_key,
drop constraint every_row_is_accounted_for,
add unique (feed_id, sha256, name_day, resent),
add constraint every_row_is_accounted_for
check (rows_read = accepted + quarantined + duplicates + coalesce(filtered, 0));

update ledger.delivery
set complete_until = as_of
where status in ('validated', 'loaded');
