-- grain: touched period x version of digital take-up: digital reports over all reports (GDS service manual)
-- Version 2013 leaves assisted digital out of the numerator; version current counts it in.
insert into marts.kpi (
    council, transaction, period_kind, period_start, kpi, version, numerator, denominator, value, basis
)
select
    :council,
    :transaction,
    touched.period_kind,
    touched.period_start,
    'digital-takeup',
    versions.version,
    coalesce(sum(volume.reports) filter (where volume.label = any(versions.channels)), 0),
    coalesce(sum(volume.reports), 0),
    coalesce(sum(volume.reports) filter (where volume.label = any(versions.channels)), 0)
    / nullif(sum(volume.reports), 0),
    touched.basis
from touched_period as touched
cross join (
    values
    ('2013', cast(:digital_unassisted as text[])),
    ('current', cast(:digital as text[]))
) as versions (version, channels)
left join marts.volume
    on
        volume.council = :council
        and volume.transaction = :transaction
        and touched.period_kind = volume.period_kind
        and touched.period_start = volume.period_start
        and volume.breakdown = 'channel'
        and volume.across = ''
group by touched.period_kind, touched.period_start, touched.basis, versions.version
