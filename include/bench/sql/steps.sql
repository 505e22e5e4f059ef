-- grain: step of the chain: how many tasks of it there were in Airflow's metadata database, and how long one took
select
    regexp_replace(task_id, '^.*\.', '') as step,
    count(*) as tasks,
    avg(duration) as seconds,
    count(*) filter (where state <> 'success') as failed
from task_instance
group by step
order by step
