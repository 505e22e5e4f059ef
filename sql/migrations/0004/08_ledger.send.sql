-- grain: one push of one data set to one sink by one run
alter table ledger.send
add column sink text not null default 'live' check (sink in ('live', 'trial'));
