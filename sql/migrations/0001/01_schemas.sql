-- Four rooms: what arrived and what became of it, the facts, the figures, and reference tables.
create schema ledger;
create schema core;
create schema marts;
create schema reference;
