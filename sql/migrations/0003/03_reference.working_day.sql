-- grain: one calendar day in one bank-holiday division, now with whether people work on it and which holiday it is
alter table reference.working_day
add column working boolean not null default false,
add column holiday text;
