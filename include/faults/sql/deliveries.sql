-- grain: one delivery, in words that no run changes
select
    delivery_id,
    concat_ws('/', feed_id, name, sha256, name_day) as told
from ledger.delivery
