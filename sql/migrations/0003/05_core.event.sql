-- grain: one event of a case, now with what the transactions beside missed bins tell
alter table core.event
add column age_group integer references core.label,
add column branch integer references core.label,
add column payment_method integer references core.label,
add column concession integer references core.label,
add column request integer references core.label,
add column rating integer,
add column items integer,
add column starts integer,
add column amount numeric(12, 2);
