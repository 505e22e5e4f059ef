-- grain: one feed whose figures are public
-- Now with a comment on every column.
comment on table open_data.feed is
'Feeds whose figures are public';
comment on column open_data.feed.council is
'the council, as its file is called';
comment on column open_data.feed.transaction is
'the transaction, as its contract is called';
comment on column open_data.feed.first_released_at is
'when figures of it were first released';
comment on column open_data.feed.released_at is
'when its public figures last changed';
comment on column open_data.feed.run_id is
'the run that changed them';
