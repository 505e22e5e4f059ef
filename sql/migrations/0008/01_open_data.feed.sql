-- grain: one feed whose figures are public
-- A name for the state of its figures, new whenever one of them is new: equal names mean equal figures.
alter table open_data.feed add column version uuid not null default gen_random_uuid();
comment on column open_data.feed.version is
'name of the state of its public figures; another one whenever a figure was written or removed';
