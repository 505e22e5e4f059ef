-- grain: one function that renews the statistics of records, which before PostgreSQL 17 only their owner may
create or replace function core.analyze_records() returns void
language plpgsql security definer set search_path = '' as $$
begin
    analyze core.record;
end
$$;
revoke all on function core.analyze_records() from public;
