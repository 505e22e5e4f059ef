-- grain: one row; how many councils' DAGs Airflow's metadata database has
select count(*) as councils
from serialized_dag
where dag_id like 'council\_%'
