-- grain: one kind of change to one feed's public figures by one run: the change log
create table open_data.change (
    change_id bigint generated always as identity primary key,
    changed_at timestamptz not null default now(),
    council text not null,
    transaction text not null,
    run_id text not null,
    what text not null check (what in ('added', 'revised', 'withdrawn')),
    -- `kpis`, or the data set of counts.
    data_set text not null,
    figures integer not null check (figures > 0),
    first_period date not null,
    last_period date not null
);
create index on open_data.change (changed_at);
