-- grain: one word of a label field with its number, given one if it is new
with given as (
    select distinct label from unnest(cast(:labels as text[])) as words (label)
),

added as (
    insert into core.label (field, label)
    select
        :field,
        given.label
    from given
    where
        not exists (
            select 1 from core.label as known
            where known.field = :field and known.label = given.label
        )
    on conflict (field, label) do update set label = excluded.label
    returning label_id, label
)

select
    label_id,
    label
from added
union all
select
    known.label_id,
    known.label
from core.label as known
inner join given on known.label = given.label
where known.field = :field
