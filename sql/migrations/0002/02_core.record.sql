-- grain: one record of a feed; a count says how many transactions it stands for
alter table core.record add column count integer not null default 1 check (count >= 0);
