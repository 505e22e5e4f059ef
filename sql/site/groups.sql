-- grain: one council in a group that a council compares itself with
select
    comparison_group.owner,
    comparison_group.name,
    comparison_group.member
from marts.comparison_group
inner join marts.council on comparison_group.member = council.council
order by comparison_group.owner, comparison_group.name, comparison_group.member
