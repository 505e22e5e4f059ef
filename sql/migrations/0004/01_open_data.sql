-- What the public may see, as the councils released it: the open data and the pages are made from nothing else.
create schema open_data;
grant usage on schema open_data to local_digital_reader;
alter default privileges in schema open_data grant select on tables to local_digital_reader;
