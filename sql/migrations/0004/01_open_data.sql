-- grain: one room for what the public may see, as the councils released it: the site is made from nothing else
create schema open_data;
grant usage on schema open_data to local_digital_reader;
alter default privileges in schema open_data grant select on tables to local_digital_reader;
