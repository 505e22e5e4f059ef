-- grain: one kind of change to one feed's public figures by one nightly run: as many nights as weeks
insert into open_data.change (
    changed_at, council, transaction, run_id, what, data_set, figures, first_period, last_period
)
select
    date '2026-01-05' - 7 * night.number,
    feed.council,
    feed.transaction,
    'bench',
    'added',
    'kpis',
    12,
    date '2026-01-05' - 7 * night.number,
    date '2026-01-05' - 7 * night.number
from open_data.feed
cross join generate_series(1, cast(:weeks as integer)) as night (number)
