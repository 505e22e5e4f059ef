-- Run by the PostgreSQL image as its superuser when its volume is new, and by hand with psql on a server of your own.
-- Each database has an owner that can log in and create neither roles nor databases; nothing of ours is a superuser.
-- The passwords come from files, those of docker-compose.yaml's secrets.
\set ON_ERROR_STOP on
\set airflow_password `cat "${SECRETS_FOLDER:-/run/secrets}/airflow_password"`
\set warehouse_password `cat "${SECRETS_FOLDER:-/run/secrets}/warehouse_password"`

create role airflow login password :'airflow_password';
create database airflow owner airflow;
revoke all on database airflow from public;

create role local_digital login password :'warehouse_password';
create database warehouse owner local_digital;
revoke all on database warehouse from public;

-- Who reads, for people and dashboards; and what the pipeline's own login steps down to: for the rollout board, for taking
-- deliveries into the warehouse, and for releasing and publishing figures. `local-digital migrate` gives them their
-- rights, and would make them too if the owner were one that may.
create role local_digital_reader nologin;
create role local_digital_board nologin;
create role local_digital_loader nologin;
create role local_digital_publisher nologin;
grant local_digital_board, local_digital_loader, local_digital_publisher to local_digital;
grant connect on database warehouse to local_digital_reader;
