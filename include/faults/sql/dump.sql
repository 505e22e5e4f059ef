-- grain: one table that is compared, with the query that writes each of its rows out in words that no run changes
-- Numbers that the database gives are put in terms of what they stand for; volatile columns are left out.
with compared as (
    select
        found.table_schema,
        found.table_name,
        found.ordinal_position,
        case
            when found.column_name = 'feed_id'
                then '(select f.council || ''/'' || f.transaction from ledger.feed f where f.feed_id = t.feed_id)'
            when found.column_name in ('delivery_id', 'superseded_by', 'replay_of')
                then format(
                    '(select row(f.council, f.transaction, d.name, d.sha256, d.name_day) from ledger.delivery d'
                    ' join ledger.feed f using (feed_id) where d.delivery_id = t.%I)',
                    found.column_name
                )
            when found.column_name = 'approval_id' then 't.approval_id is not null'
            when found.table_schema = 'core' and found.data_type = 'integer' and known.field is not null
                then format('(select l.label from core.label l where l.label_id = t.%I)', found.column_name)
            else format('t.%I', found.column_name)
        end as expression
    from information_schema.columns as found
    left join (select distinct field from core.label) as known on found.column_name = known.field
    where
        found.table_schema in ('core', 'ledger', 'marts', 'open_data')
        and found.table_schema || '.' || found.table_name <> all(cast(:left_out as text[]))
        and found.table_schema || '.' || found.table_name || '.' || found.column_name <> all(cast(:volatile as text[]))
)

select
    compared.table_schema || '.' || compared.table_name as name,
    format(
        'select row(%s)::text as line from %I.%I as t',
        string_agg(compared.expression, ', ' order by compared.ordinal_position),
        compared.table_schema,
        compared.table_name
    ) as query
from compared
group by compared.table_schema, compared.table_name
order by name
