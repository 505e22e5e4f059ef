-- grain: one keyed hash that is new
insert into ledger.suppressed (feed_id, kind, key_hash, forgotten_id)
select
    :feed_id,
    :kind,
    given.key_hash,
    :forgotten_id
from unnest(cast(:key_hashes as bytea[])) as given (key_hash)
on conflict (feed_id, kind, key_hash) do nothing
