-- grain: one period in which records changed, of those that a change reaches
create temporary table touched_period on commit drop as
select
    period_kind,
    period_start,
    starts_at,
    ends_at,
    first_day,
    as_of,
    basis
from reached_period
where direct
