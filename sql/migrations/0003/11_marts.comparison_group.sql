-- grain: one council in a group that a council compares itself with
create table marts.comparison_group (
    owner text not null references marts.council on delete cascade,
    name text not null,
    member text not null,
    primary key (owner, name, member)
);
