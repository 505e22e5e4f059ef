-- grain: council x transaction x period x breakdown x label x second breakdown x its label (empty without a second)
alter table marts.volume
add column across text not null default '',
add column across_label text not null default '',
drop constraint volume_pkey,
add primary key (council, transaction, period_kind, period_start, breakdown, label, across, across_label);
