-- grain: one statement that writes or removes released figures
create trigger figures_added after insert on open_data.period
referencing new table as touched
for each statement execute function open_data.note_figures();
create trigger figures_revised after update on open_data.period
referencing new table as touched
for each statement execute function open_data.note_figures();
create trigger figures_removed after delete on open_data.period
referencing old table as touched
for each statement execute function open_data.note_figures();
