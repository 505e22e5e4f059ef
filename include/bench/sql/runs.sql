-- grain: one row; the runs of Airflow's metadata database, when the last of them ended (seconds since 1970), and what
-- waits for somebody's answer
with questions as (
    select count(*) as questions
    from task_instance
    where state = 'awaiting_input'
)

select
    count(*) as runs,
    count(*) filter (where run.state in ('success', 'failed')) as ended,
    count(*) filter (where run.state = 'success') as good,
    extract(epoch from max(run.end_date)) as last_end,
    min(questions.questions) as questions
from dag_run as run
cross join questions
