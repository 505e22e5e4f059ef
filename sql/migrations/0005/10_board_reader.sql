-- grain: one role that the rollout board in Airflow's UI reads with: ledger and figures, and no record of anybody
do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'local_digital_board') then
        create role local_digital_board nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
end
$$;
-- So that the pipeline's own login can step down to it. Where somebody else made the role, that is theirs to grant.
do $$
begin
    if not pg_has_role(current_user, 'local_digital_board', 'usage') then
        grant local_digital_board to current_user;
    end if;
exception
    when insufficient_privilege then null;
end
$$;
grant usage on schema ledger, marts, open_data to local_digital_board;
grant select on
ledger.feed,
ledger.delivery,
ledger.expectation_result,
ledger.quarantine,
ledger.publication,
ledger.send,
ledger.release,
ledger.stage,
ledger.approval,
ledger.hold,
ledger.page_check
to local_digital_board;
grant select on all tables in schema marts to local_digital_board;
grant select on all tables in schema open_data to local_digital_board;
alter default privileges in schema marts grant select on tables to local_digital_board;
alter default privileges in schema open_data grant select on tables to local_digital_board;
