-- grain: one stretch of time without a gap that touched periods cover, so that each of their records is read once
create temporary table touched_span on commit drop as
with opened as (
    select
        starts_at,
        ends_at,
        starts_at > max(ends_at) over (
            order by starts_at, ends_at rows between unbounded preceding and 1 preceding
        ) as is_new
    from touched_period
),

numbered as (
    select
        starts_at,
        ends_at,
        count(*) filter (where is_new) over (order by starts_at, ends_at) as span
    from opened
)

select
    min(starts_at) as starts_at,
    max(ends_at) as ends_at
from numbered
group by span
