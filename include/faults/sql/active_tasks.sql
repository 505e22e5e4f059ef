-- grain: one task in Airflow's own database that runs or waits
select
    id::text as id,
    dag_id,
    task_id,
    state
from task_instance
where state in ('running', 'deferred')
