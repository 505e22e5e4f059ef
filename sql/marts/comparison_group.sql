-- grain: one council in a group of one council's own choice; what its file no longer names goes
with given as (
    select
        facts.name,
        facts.member
    from unnest(cast(:names as text[]), cast(:members as text[])) as facts (name, member)
),

gone as (
    delete from marts.comparison_group as known
    where
        known.owner = :council
        and (known.name, known.member) not in (
            select
                given.name,
                given.member
            from given
        )
)

insert into marts.comparison_group (owner, name, member)
select
    :council,
    given.name,
    given.member
from given
on conflict do nothing
