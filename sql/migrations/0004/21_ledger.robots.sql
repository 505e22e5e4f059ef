-- grain: one host (scheme, name and port) whose pages are looked at, with what its robots.txt says
create table ledger.robots (
    host text primary key,
    rules text not null,
    fetched_at timestamptz not null
);
