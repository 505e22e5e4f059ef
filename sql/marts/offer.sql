-- grain: council x transaction; written again only where the council's file or a contract changed
with given as (
    select
        facts.transaction,
        facts.state,
        facts.reason,
        array_remove(string_to_array(facts.not_supplied, ' '), '') as not_supplied
    from
        unnest(
            cast(:transactions as text[]), cast(:states as text[]), cast(:reasons as text[]),
            cast(:not_supplied as text[])
        ) as facts (transaction, state, reason, not_supplied)
),

gone as (
    delete from marts.offer
    where council = :council and transaction not in (select given.transaction from given)
)

insert into marts.offer as known (council, transaction, state, reason, not_supplied)
select
    :council,
    given.transaction,
    given.state,
    given.reason,
    given.not_supplied
from given
on conflict (council, transaction) do update
    set state = excluded.state, reason = excluded.reason, not_supplied = excluded.not_supplied
    where
    (known.state, known.reason, known.not_supplied)
    is distinct from (excluded.state, excluded.reason, excluded.not_supplied)
