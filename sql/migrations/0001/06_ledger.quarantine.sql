-- grain: one rule that one row of a delivery broke; a row may break several. No value is ever kept.
create table ledger.quarantine (
    delivery_id bigint not null references ledger.delivery,
    line bigint not null,
    rule text not null,
    column_name text not null,
    expected text not null,
    primary key (delivery_id, line, rule, column_name)
);
