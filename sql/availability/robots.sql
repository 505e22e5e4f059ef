-- grain: one host with what its robots.txt said when it was last read
select
    rules,
    fetched_at
from ledger.robots
where host = :host
