-- grain: one feed with a figure that a statement wrote or removed
create function open_data.note_figures() returns trigger language plpgsql as $$
begin
    update open_data.feed
    set version = gen_random_uuid()
    from (select distinct council, transaction from touched) as touched
    where feed.council = touched.council and feed.transaction = touched.transaction;
    return null;
end
$$;
