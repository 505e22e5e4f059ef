-- grain: local day of the report x breakdown (or two) x label (or two)
create temporary table counted_label (
    day date not null,
    breakdown text not null,
    label_id integer not null,
    across text not null,
    across_id integer,
    reports bigint not null
) on commit drop
