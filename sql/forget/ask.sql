-- grain: one demand; one that was not finished yet is taken up again
insert into ledger.forgotten (feed_id, kind, key_hash, secret_mark, forgotten_by, reason)
values (:feed_id, :kind, :key_hash, :secret_mark, :by, :reason)
on conflict (feed_id, kind, key_hash) where finished_at is null
do update set forgotten_by = excluded.forgotten_by, reason = excluded.reason
returning forgotten_id
