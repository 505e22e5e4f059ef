-- The role that people and dashboards read with: it sees the marts and nothing else. Grant it to logins.
do $$
begin
    create role local_digital_reader nologin;
exception
    when duplicate_object or unique_violation then null;
end
$$;
grant usage on schema marts to local_digital_reader;
grant select on all tables in schema marts to local_digital_reader;
alter default privileges in schema marts grant select on tables to local_digital_reader;
