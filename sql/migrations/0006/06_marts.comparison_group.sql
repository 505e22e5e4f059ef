-- grain: one council in a group that a council compares itself with
-- Now with a comment on every column.
comment on table marts.comparison_group is
'Groups that councils compare themselves with';
comment on column marts.comparison_group.owner is
'the council whose group it is';
comment on column marts.comparison_group.name is
'name of the group';
comment on column marts.comparison_group.member is
'a council of the group';
