-- grain: one role that steps step down to, made where that is the owner's to do; what it may is in the file of its name
do $$
declare
    role text;
begin
    foreach role in array array['local_digital_loader', 'local_digital_publisher'] loop
        begin
            if not exists (select 1 from pg_roles where rolname = role) then
                execute format('create role %I nologin', role);
            end if;
        exception
            -- Somebody else is making it; or only an administrator may, and until then steps keep their login's rights.
            when duplicate_object or unique_violation or insufficient_privilege then null;
        end;
        begin
            -- Since PostgreSQL 16 who made a role is a member of it that may not take it.
            if not pg_has_role(
                current_user,
                role,
                case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end
            ) then
                execute format('grant %I to current_user', role);
            end if;
        exception
            when insufficient_privilege or undefined_object then null;
        end;
    end loop;
end
$$;
