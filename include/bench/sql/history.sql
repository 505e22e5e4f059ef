-- grain: one record of years gone by; half of one feed, half of its neighbours, the same number on every day
-- Feeds other than the first are those of no council's file.
insert into core.record (
    feed_id, record_ref, reported_at, closed_at, channel, status, ward, stream, delivery_id, line
)
select
    case when number % 2 = 0 then cast(:feed_id as integer) else 1000 + number % 18 end,
    'OLD-' || lpad(cast(number as text), 9, '0'),
    filed.moment,
    filed.moment + interval '30 hours',
    words.channel,
    words.status,
    words.ward,
    words.stream,
    0,
    number
from generate_series(1, cast(:records as integer)) as number
cross join
    lateral (
        select
            timestamptz '2016-01-04 08:00 UTC'
            + (number * bigint '3240' / cast(:records as integer)) * interval '1 day'
            + (number % 600) * interval '1 minute' as moment
    ) as filed
cross join
    (
        select
            min(label_id) filter (where field = 'channel') as channel,
            min(label_id) filter (where field = 'status') as status,
            min(label_id) filter (where field = 'ward') as ward,
            min(label_id) filter (where field = 'stream') as stream
        from core.label
    ) as words
