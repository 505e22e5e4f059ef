-- grain: one calendar day in one bank-holiday division
create table reference.working_day (
    division text not null,
    day date not null,
    -- The first working day strictly after `day`.
    next_working_day date not null,
    primary key (division, day)
);
