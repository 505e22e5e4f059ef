-- The role that people and dashboards read with: it sees the marts and nothing else. Grant it to logins.
do $$
begin
    -- The owner of the schemas needs no right to create roles where somebody else has made this one.
    if not exists (select 1 from pg_roles where rolname = 'local_digital_reader') then
        create role local_digital_reader nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
end
$$;
grant usage on schema marts to local_digital_reader;
grant select on all tables in schema marts to local_digital_reader;
alter default privileges in schema marts grant select on tables to local_digital_reader;
