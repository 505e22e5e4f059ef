-- grain: period of a feed whose figure somebody accepted after a hold by one check, newest decision
select distinct on (hold.period_start)
    hold.period_start,
    hold.found
from ledger.hold
inner join ledger.approval on hold.approval_id = approval.approval_id and approval.decision = 'released'
where hold.feed_id = :feed_id and hold.check_name = :check_name and hold.period_kind = :period_kind
order by hold.period_start asc, hold.hold_id desc
