-- grain: one transaction: when its benchmarks were taken, and of which figures
create table open_data.edition (
    transaction text primary key,
    taken_at timestamptz not null default now(),
    made_from text not null,
    councils text[] not null
);
comment on table open_data.edition is
'When the benchmarks of the public pages were taken';
comment on column open_data.edition.transaction is
'the transaction, as its contract is called';
comment on column open_data.edition.taken_at is
'when';
comment on column open_data.edition.made_from is
'digest of the figures, the councils and the groups that they were taken of';
comment on column open_data.edition.councils is
'councils whose figures are among them';
