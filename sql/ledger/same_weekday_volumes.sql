-- grain: one earlier delivery of the feed that was made on the same weekday, newest first
select rows_read - coalesce(filtered, 0)
from ledger.delivery
where
    feed_id = :feed_id
    and series = :series
    and status in ('validated', 'loaded')
    and superseded_by is null
    and as_of < :as_of
    and as_of >= cast(:as_of as timestamptz) - make_interval(weeks => :weeks, hours => 2)
    and extract(isodow from as_of at time zone 'Europe/London')
    = extract(isodow from cast(:as_of as timestamptz) at time zone 'Europe/London')
order by as_of desc
