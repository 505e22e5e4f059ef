-- grain: one silence of a council, or of all of them, that holds at a moment; the one that ends first comes first
select
    silence_id,
    council,
    transaction,
    until,
    reason,
    silenced_by,
    silenced_at
from ledger.silence
where
    lifted_at is null
    and until > :now
    and (cast(:council as text) is null or council = :council)
order by until, silence_id
