-- grain: one row; a digest of the councils, offers and groups in the marts, and what they were last written from
with facts as (
    select cast(council as text) as fact
    from marts.council
    union all
    select cast(offer as text)
    from marts.offer
    union all
    select cast(comparison_group as text)
    from marts.comparison_group
)

select
    md5(string_agg(fact, chr(10) order by fact collate "C")) as facts,
    (select made_from from open_data.recorded) as made_from
from facts
