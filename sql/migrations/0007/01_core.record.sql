-- grain: as before; that feeds, deliveries and labels exist is known in the transaction that writes the rows, and they
-- are never removed: a look at another table for each of thirteen columns of each row cost two thirds of a load
-- (docs/decisions/0017)
alter table core.record
drop constraint record_feed_id_fkey,
drop constraint record_channel_fkey,
drop constraint record_status_fkey,
drop constraint record_ward_fkey,
drop constraint record_stream_fkey,
drop constraint record_reason_fkey,
drop constraint record_outcome_fkey,
drop constraint record_age_group_fkey,
drop constraint record_branch_fkey,
drop constraint record_payment_method_fkey,
drop constraint record_concession_fkey,
drop constraint record_request_fkey,
drop constraint record_delivery_id_fkey;
