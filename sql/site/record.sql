-- grain: one row; what councils, offers and groups in the marts were written from
insert into open_data.recorded (made_from)
values (:made_from)
on conflict (only_row) do update set made_from = excluded.made_from
