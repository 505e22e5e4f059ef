-- grain: council x transaction: whether the council provides it and, when not, why
-- `awaited`: it provides it and has no feed yet.
create table marts.offer (
    council text not null references marts.council on delete cascade,
    transaction text not null,
    state text not null check (state in ('provided', 'awaited', 'not-provided')),
    reason text,
    -- KPIs of the contract that the feed's columns cannot give.
    not_supplied text[] not null default '{}',
    primary key (council, transaction)
);
