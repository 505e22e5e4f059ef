-- grain: one expectation checked on one delivery; lines are keys into the file, never values
create table ledger.expectation_result (
    delivery_id bigint not null references ledger.delivery,
    position integer not null,
    expectation text not null,
    column_name text,
    dimension text not null,
    severity text not null check (severity in ('critical', 'warning', 'info')),
    success boolean not null,
    checked bigint not null,
    failed bigint not null,
    lines bigint[] not null default '{}',
    primary key (delivery_id, position)
);
