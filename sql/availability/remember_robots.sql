-- grain: one host with what its robots.txt says now
insert into ledger.robots (host, rules, fetched_at)
values (:host, :rules, :fetched_at)
on conflict (host) do update set
    rules = excluded.rules,
    fetched_at = excluded.fetched_at
