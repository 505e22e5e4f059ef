-- grain: one record that a sink holds because we sent it, now told apart by sink: the platform, or the one for trials
alter table ledger.publication
add column sink text not null default 'live' check (sink in ('live', 'trial')),
drop constraint publication_pkey,
add primary key (council, transaction, data_set, sink, record_id);
