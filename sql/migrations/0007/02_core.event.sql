-- grain: as before; that feeds, deliveries and labels exist is known in the transaction that writes the rows, and they
-- are never removed: a look at another table for each of thirteen columns of each row cost two thirds of a load
-- (docs/decisions/0017)
alter table core.event
drop constraint event_feed_id_fkey,
drop constraint event_channel_fkey,
drop constraint event_status_fkey,
drop constraint event_ward_fkey,
drop constraint event_stream_fkey,
drop constraint event_reason_fkey,
drop constraint event_outcome_fkey,
drop constraint event_age_group_fkey,
drop constraint event_branch_fkey,
drop constraint event_payment_method_fkey,
drop constraint event_concession_fkey,
drop constraint event_request_fkey,
drop constraint event_delivery_id_fkey;
