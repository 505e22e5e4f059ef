-- grain: one word that a label field has held
create table core.label (
    label_id integer generated always as identity primary key,
    field text not null,
    label text not null,
    unique (field, label)
);
