-- grain: one row: what councils and offers in the marts were last written from by a build of the site
create table open_data.recorded (
    only_row boolean primary key default true check (only_row),
    made_from text not null
);
comment on table open_data.recorded is
'What the marts'' councils and offers were last written from by a build of the site: it need not read all files again';
comment on column open_data.recorded.only_row is
'true: there is one row';
comment on column open_data.recorded.made_from is
'digest of the councils'' files, the contracts and the program, and of what they gave';
