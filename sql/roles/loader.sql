-- grain: one role that takes deliveries into the warehouse and computes figures from them; it can release none
do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'local_digital_loader') then
        return;
    end if;
    execute format('grant connect, temporary on database %I to local_digital_loader', current_database());
    grant usage on schema core, ledger, marts, reference to local_digital_loader;
    grant select, insert, update, delete on core.record, core.event to local_digital_loader;
    grant select, insert, update on core.label to local_digital_loader;
    grant execute on function core.analyze_records() to local_digital_loader;
    grant select on all tables in schema ledger to local_digital_loader;
    grant insert on ledger.feed to local_digital_loader;
    grant insert, update on
    ledger.sighting,
    ledger.robots,
    ledger.delivery,
    ledger.expectation_result,
    ledger.forgotten,
    ledger.suppressed,
    ledger.silence,
    ledger.late_notice,
    ledger.message_sent
    to local_digital_loader;
    grant insert, update, delete on
    ledger.quarantine,
    ledger.stale_day,
    ledger.fault,
    ledger.message,
    ledger.page_check
    to local_digital_loader;
    grant select, insert, update, delete on all tables in schema marts to local_digital_loader;
    grant select on all tables in schema reference to local_digital_loader;
end
$$;
