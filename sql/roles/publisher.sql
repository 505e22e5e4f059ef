-- grain: one role that signs off, releases and publishes figures; it sees no record of anybody and changes no figure
do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'local_digital_publisher') then
        return;
    end if;
    execute format('grant connect, temporary on database %I to local_digital_publisher', current_database());
    grant usage on schema ledger, marts, open_data, reference to local_digital_publisher;
    grant select on
    ledger.feed,
    ledger.delivery,
    ledger.page_check,
    ledger.publication,
    ledger.send,
    ledger.release,
    ledger.stage,
    ledger.approval,
    ledger.hold
    to local_digital_publisher;
    grant insert on ledger.feed, ledger.release, ledger.stage, ledger.approval to local_digital_publisher;
    grant insert, update on ledger.send, ledger.hold to local_digital_publisher;
    grant insert, update, delete on ledger.publication to local_digital_publisher;
    grant select on all tables in schema marts to local_digital_publisher;
    -- What councils offer, as their files say it.
    grant insert, update, delete on
    marts.council,
    marts.offer,
    marts.comparison_group
    to local_digital_publisher;
    grant select, insert, update, delete on all tables in schema open_data to local_digital_publisher;
    grant select on all tables in schema reference to local_digital_publisher;
end
$$;
